export type { SchemaNode, ValidationRule } from './schema/schema-node.ts';
export type { CompiledSchema, SchemaOptions, ValidateOptions } from './schema/compile-schema.ts';
export { compileSchema } from './schema/compile-schema.ts';
export type { SchemaViolation, ViolationReason } from './schema/violation.ts';
export { formatViolation } from './schema/violation.ts';
export { compileExpression } from './cel/compile-rule.ts';
export type { CelOutcome, CompiledExpression } from './cel/compile-rule.ts';
export { dns1035Label, dns1123Label, dns1123Subdomain, labelValue, pathSegmentName, qualifiedName } from './schema/object-names.ts';
