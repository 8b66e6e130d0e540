import { isRecord, textAt, textsAt } from '../kinds/field.ts';
import type { Fields } from '../kinds/field.ts';
import type { FieldErrors } from '../schema/field-errors.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const UNSUPPORTED = ['$ref', 'id', '$schema', 'definitions', 'dependencies', 'patternProperties', 'additionalItems', 'deprecated', 'discriminator', 'readOnly', 'writeOnly', 'xml'];

/**
 * Whether a schema is structural: every value has a type, nothing is referenced from elsewhere, and what the logical
 * combinators say is only ever about fields that are declared outside of them.
 */
export function validateStructuralSchema(schema: Fields, path: string, errors: FieldErrors): void {
  if (textAt(schema, 'type') !== undefined && schema['type'] !== 'object') errors.invalid(`${path}.type`, schema['type'], 'must be object at the root');
  validateNode(schema, path, 'must not be empty at the root', errors);
}

function validateNode(node: Fields, path: string, missingType: string, errors: FieldErrors): void {
  const type = textAt(node, 'type') ?? '';
  const untyped = node['x-kubernetes-int-or-string'] === true || node['x-kubernetes-preserve-unknown-fields'] === true;
  if (type === '' && !untyped) errors.required(`${path}.type`, missingType);
  if (type !== '' && !TYPES.includes(type)) errors.supported(`${path}.type`, type, TYPES);
  for (const key of UNSUPPORTED) if (node[key] !== undefined && node[key] !== false) errors.forbidden(`${path}.${key}`, `${key} is not supported`);
  if (node['uniqueItems'] === true) errors.forbidden(`${path}.uniqueItems`, 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic');
  validateList(node, path, errors);
  const properties = node['properties'];
  const additional = node['additionalProperties'];
  if (isRecord(properties) && additional !== undefined) errors.forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive');
  if (additional === false) errors.forbidden(`${path}.additionalProperties`, 'additionalProperties cannot be set to false');
  if (isRecord(additional)) validateNode(additional, `${path}.additionalProperties`, 'must not be empty for specified object fields', errors);
  if (isRecord(properties)) {
    for (const [name, property] of Object.entries(properties)) {
      if (isRecord(property)) validateNode(property, `${path}.properties[${name}]`, 'must not be empty for specified object fields', errors);
    }
  }
  if (type === 'array' && node['items'] === undefined) errors.required(`${path}.items`, 'must be specified');
  if (Array.isArray(node['items'])) errors.forbidden(`${path}.items`, 'items must be a schema object and not an array');
  else if (isRecord(node['items'])) validateNode(node['items'], `${path}.items`, 'must not be empty for specified array items', errors);
  for (const key of ['allOf', 'anyOf', 'oneOf'] as const) {
    const arms = node[key];
    if (Array.isArray(arms)) arms.forEach((arm, index) => isRecord(arm) && validateArm(arm, node, `${path}.${key}[${index}]`, errors));
  }
  if (isRecord(node['not'])) validateArm(node['not'], node, `${path}.not`, errors);
}

function validateList(node: Fields, path: string, errors: FieldErrors): void {
  const listType = node['x-kubernetes-list-type'];
  const keys = textsAt(node, 'x-kubernetes-list-map-keys');
  if (listType === undefined) return;
  errors.supported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'map', 'set']);
  if (textAt(node, 'type') !== 'array') errors.invalid(`${path}.type`, textAt(node, 'type') ?? '', 'must be array if x-kubernetes-list-type is specified');
  if (listType === 'map' && keys.length === 0) errors.required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map');
  const items = node['items'];
  if (listType === 'map' && isRecord(items)) {
    for (const key of keys) if (!isRecord(items['properties']) || !Object.hasOwn(items['properties'], key)) errors.invalid(`${path}.x-kubernetes-list-map-keys`, key, 'entries must all be names of item properties');
  }
}

/** An arm of a combinator may bound values, not declare fields, defaults or types of its own (int-or-string aside). */
function validateArm(arm: Fields, owner: Fields, path: string, errors: FieldErrors): void {
  const intOrString = owner['x-kubernetes-int-or-string'] === true;
  if (arm['type'] !== undefined && !intOrString) errors.forbidden(`${path}.type`, 'must be empty to be structural');
  if (arm['default'] !== undefined) errors.forbidden(`${path}.default`, 'must be undefined to be structural');
  if (arm['additionalProperties'] !== undefined) errors.forbidden(`${path}.additionalProperties`, 'must be undefined to be structural');
  for (const key of ['nullable', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource', 'x-kubernetes-int-or-string']) if (arm[key] === true) errors.forbidden(`${path}.${key}`, 'must be false to be structural');
  const declared = owner['properties'];
  const properties = arm['properties'];
  if (!isRecord(properties)) return;
  for (const [name, property] of Object.entries(properties)) {
    const outer = isRecord(declared) ? declared[name] : undefined;
    if (outer === undefined && owner['x-kubernetes-preserve-unknown-fields'] !== true) errors.required(`${path.slice(0, path.lastIndexOf('.'))}.properties[${name}]`, `because it is defined in ${path}.properties[${name}]`);
    if (isRecord(property)) validateArm(property, isRecord(outer) ? outer : {}, `${path}.properties[${name}]`, errors);
  }
}
