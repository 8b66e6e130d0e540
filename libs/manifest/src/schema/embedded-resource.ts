import type { Json, JsonObject } from '@meshfleet/model';
import { anyNode, valueSchema } from './schema-node.ts';
import type { SchemaNode } from './schema-node.ts';
import { dns1035Label, pathSegmentName, qualifiedName, labelValue } from './object-names.ts';
import { invalid, required } from './violation.ts';
import type { SchemaViolation } from './violation.ts';

const needed = new WeakMap<SchemaNode, boolean>();

function hasEmbedded(node: SchemaNode): boolean {
  const known = needed.get(node);
  if (known !== undefined) return known;
  const answer = anyNode(node, (one) => one['x-kubernetes-embedded-resource'] === true);
  needed.set(node, answer);
  return answer;
}

/** Objects within objects (`x-kubernetes-embedded-resource`) have an apiVersion, a kind and sound metadata. */
export function checkEmbeddedResources(node: SchemaNode, value: Json, path: string, out: SchemaViolation[]): void {
  if (typeof value !== 'object' || value === null || !hasEmbedded(node)) return;
  if (Array.isArray(value)) {
    if (node.items !== undefined) for (const [i, item] of (value as readonly Json[]).entries()) checkEmbeddedResources(node.items, item, `${path}[${i}]`, out);
    return;
  }
  const object = value as JsonObject;
  if (node['x-kubernetes-embedded-resource'] === true) checkOne(object, path, out);
  const values = valueSchema(node);
  for (const [key, one] of Object.entries(object)) {
    const property = node.properties !== undefined && Object.hasOwn(node.properties, key) ? node.properties[key] : undefined;
    if (property !== undefined) checkEmbeddedResources(property, one, path === '' ? key : `${path}.${key}`, out);
    else if (values !== undefined) checkEmbeddedResources(values, one, `${path}[${key}]`, out);
  }
}

function checkOne(object: JsonObject, path: string, out: SchemaViolation[]): void {
  const prefix = path === '' ? '' : `${path}.`;
  for (const field of ['apiVersion', 'kind']) {
    const value = object[field];
    if (value === undefined) out.push(required(prefix + field));
    else if (typeof value !== 'string') out.push(invalid(prefix + field, value, 'must be a string'));
    else if (value === '') out.push(invalid(prefix + field, value, 'must not be empty'));
    else if (field === 'apiVersion' && value.split('/').length > 2) out.push(invalid(prefix + field, value, `unexpected GroupVersion string: ${value}`));
    else if (field === 'kind') {
      const problems = dns1035Label(value.toLowerCase());
      if (problems.length > 0) out.push(invalid(prefix + field, value, `may have mixed case, but should otherwise match: ${problems.join(',')}`));
    }
  }
  const metadata = object['metadata'];
  if (typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata)) checkMetadata(metadata as JsonObject, `${prefix}metadata`, out);
}

function checkMetadata(metadata: JsonObject, path: string, out: SchemaViolation[]): void {
  const name = metadata['name'];
  if (typeof name === 'string') for (const problem of pathSegmentName(name)) out.push(invalid(`${path}.name`, name, problem));
  checkLabels(metadata['labels'], `${path}.labels`, out);
}

/** Label keys are qualified names; values are short and plain. */
export function checkLabels(labels: Json | undefined, path: string, out: SchemaViolation[]): void {
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) return;
  for (const [key, value] of Object.entries(labels as JsonObject)) {
    for (const problem of qualifiedName(key)) out.push(invalid(path, key, problem));
    if (typeof value === 'string') for (const problem of labelValue(value)) out.push(invalid(path, value, problem));
  }
}
