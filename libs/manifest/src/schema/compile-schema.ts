import type { Json } from '@meshfleet/model';
import { compileRules } from '../cel/validate-rules.ts';
import type { RuleSet } from '../cel/validate-rules.ts';
import { applyDefaults } from './apply-defaults.ts';
import { checkEmbeddedResources } from './embedded-resource.ts';
import { checkListTypes } from './list-types.ts';
import { pruneUnknown } from './prune-unknown.ts';
import type { Pruned } from './prune-unknown.ts';
import type { SchemaNode } from './schema-node.ts';
import { valueCheck } from './validate-values.ts';
import { formatViolation, invalid, WHOLE_OBJECT } from './violation.ts';
import type { SchemaViolation } from './violation.ts';

export interface SchemaOptions {
  /**
   * `object` (the default): the value is a whole Kubernetes object, whose apiVersion, kind and metadata are never pruned.
   * `value`: any other value.
   */
  readonly root?: 'object' | 'value';
}

export interface ValidateOptions extends SchemaOptions {
  /** The object before an update: transition rules run, and what was wrong already and did not change is forgiven. */
  readonly old?: Json;
}

/** One schema, ready for use. Instances hold no state of the values they see and may be shared freely. */
export interface CompiledSchema {
  readonly node: SchemaNode;
  /** A copy with defaults filled in, or the same value when nothing was missing. Never changes its argument. */
  applyDefaults(value: Json): Json;
  /** A copy without unknown fields, and their paths. Never changes its argument. */
  prune(value: Json, options?: SchemaOptions): Pruned;
  /** All that is wrong, in the API server's order: values, embedded objects, list types, then the CEL rules. */
  validate(value: Json, options?: ValidateOptions): SchemaViolation[];
}

const BLOCKING = new Set(['FieldValueNotSupported', 'FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany', 'FieldValueTypeInvalid']);
const NOT_CHECKED = invalid(
  WHOLE_OBJECT,
  null,
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
);

const compiled = new WeakMap<SchemaNode, CompiledSchema>();

/** Compiles a schema once: the same node answers the same instance. Rules are compiled at the first validation. */
export function compileSchema(node: SchemaNode): CompiledSchema {
  const known = compiled.get(node);
  if (known !== undefined) return known;
  const check = valueCheck(node);
  let rules: RuleSet | undefined | 'unknown' = 'unknown';
  const schema: CompiledSchema = {
    node,
    applyDefaults: (value) => applyDefaults(value, node),
    prune: (value, options) => pruneUnknown(value, node, options?.root !== 'value'),
    validate(value, options) {
      const old = options?.old;
      const out: SchemaViolation[] = [];
      check(value, '', out, old);
      checkEmbeddedResources(node, value, '', out);
      const lists: SchemaViolation[] = [];
      checkListTypes(node, value, '', lists);
      if (lists.length > 0 && (old === undefined || listsWereSound(node, old))) out.push(...lists);
      if (rules === 'unknown') rules = compileRules(node);
      if (rules !== undefined) {
        if (out.some((violation) => BLOCKING.has(violation.reason))) out.push(NOT_CHECKED);
        else out.push(...rules.validate(value, old));
      }
      return distinct(out);
    },
  };
  compiled.set(node, schema);
  return schema;
}

function listsWereSound(node: SchemaNode, old: Json): boolean {
  const before: SchemaViolation[] = [];
  checkListTypes(node, old, '', before);
  return before.length === 0;
}

function distinct(violations: SchemaViolation[]): SchemaViolation[] {
  if (violations.length < 2) return violations;
  const seen = new Set<string>();
  return violations.filter((violation) => {
    const text = formatViolation(violation);
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}
