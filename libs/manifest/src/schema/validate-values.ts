import type { Json, JsonObject } from '@meshfleet/model';
import { correlateItems } from './correlate.ts';
import { deepEqual } from './deep-equal.ts';
import { goRegExp } from './go-regexp.ts';
import { formatCheck } from './string-formats.ts';
import { valueSchema } from './schema-node.ts';
import type { SchemaNode } from './schema-node.ts';
import { goQuote, invalid, notSupported, required, tooLong, tooMany, typeInvalid, WHOLE_OBJECT } from './violation.ts';
import type { SchemaViolation } from './violation.ts';

/** Checks a value at a path; what is wrong goes to `out`. `old` is the value it replaces, when that can be told. */
export type ValueCheck = (value: Json, path: string, out: SchemaViolation[], old: Json | undefined) => void;

const checks = new WeakMap<SchemaNode, ValueCheck>();

/**
 * The checks of one schema node, made once: types, bounds, patterns, formats, enums, required fields and the
 * logical combinations, in the order and wording of k8s.io/kube-openapi/pkg/validation.
 * An error inside a value that an update leaves as it was is forgiven (ratcheting, on by default since 1.30).
 */
export function valueCheck(node: SchemaNode): ValueCheck {
  const known = checks.get(node);
  if (known !== undefined) return known;
  const check = build(node);
  const ratcheting: ValueCheck = (value, path, out, old) => {
    const before = out.length;
    check(value, path, out, old);
    if (old !== undefined && out.length > before && deepEqual(value, old)) out.length = before;
  };
  checks.set(node, ratcheting);
  return ratcheting;
}

function build(node: SchemaNode): ValueCheck {
  const type = typeCheck(node);
  const logic = logicCheck(node);
  const text = stringCheck(node);
  const number = numberCheck(node);
  const list = listCheck(node);
  const object = objectCheck(node);
  const allowed = node.enum;
  return (value, path, out, old) => {
    type?.(value, path, out);
    if (value !== null) {
      logic?.(value, path, out);
      if (typeof value === 'string') text?.(value, path, out);
      else if (typeof value === 'number') number?.(value, path, out);
      else if (Array.isArray(value)) list?.(value, path, out, old);
    }
    if (allowed !== undefined && !allowed.some((one) => one !== null && deepEqual(one, value))) out.push(notSupported(at(path), value, allowed));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) object?.(value as JsonObject, path, out, old);
  };
}

type SimpleCheck<T> = (value: T, path: string, out: SchemaViolation[]) => void;

const at = (path: string): string => (path === '' ? WHOLE_OBJECT : path);

function typeCheck(node: SchemaNode): SimpleCheck<Json> | undefined {
  const types = node['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : node.type === undefined || node.type === '' ? [] : [node.type];
  const format = formatCheck(node.format) === undefined ? undefined : node.format;
  if (types.length === 0 && format === undefined) return undefined;
  const wanted = types.join(',');
  const numeric = types.includes('number') || types.includes('integer');
  return (value, path, out) => {
    const actual = jsonType(value);
    if (actual === 'null') {
      if (types.length > 0 && node.nullable !== true) out.push(wrongType(path, wanted, 'null'));
      return;
    }
    const fits = types.includes(actual) || (actual === 'integer' && types.includes('number'));
    const textual = typeof value === 'string' || Array.isArray(value);
    if (!textual && format !== undefined && !fits) {
      out.push(wrongType(path, format, actual === 'integer' ? 'int64' : actual === 'number' ? 'float64' : ''));
    } else if (!fits && (numeric || format === undefined || !textual)) {
      out.push(wrongType(path, wanted, actual));
    }
  };
}

function jsonType(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function wrongType(path: string, wanted: string, actual: string): SchemaViolation {
  return typeInvalid(at(path), actual, `${path} in body must be of type ${wanted}: ${goQuote(actual)}`);
}

/** oneOf, anyOf, allOf and not. Their own errors carry no path: the API server files them under `<nil>`. */
function logicCheck(node: SchemaNode): SimpleCheck<Json> | undefined {
  const anyOf = node.anyOf?.map(valueCheck);
  const oneOf = node.oneOf?.map(valueCheck);
  const allOf = node.allOf?.map(valueCheck);
  const not = node.not === undefined ? undefined : valueCheck(node.not);
  if (anyOf === undefined && oneOf === undefined && allOf === undefined && not === undefined) return undefined;
  const run = (check: ValueCheck, value: Json, path: string): SchemaViolation[] => {
    const found: SchemaViolation[] = [];
    check(value, path, found, undefined);
    return found;
  };
  return (value, path, out) => {
    const fail = (message: string): void => void out.push(invalid(WHOLE_OBJECT, '', `${goQuote(path)} ${message}`));
    if (anyOf !== undefined && anyOf.length > 0) {
      const failed: SchemaViolation[][] = [];
      const fits = anyOf.some((check) => {
        const found = run(check, value, path);
        if (found.length > 0) failed.push(found);
        return found.length === 0;
      });
      if (!fits) {
        fail('must validate at least one schema (anyOf)');
        out.push(...(failed[0] ?? []));
      }
    }
    if (oneOf !== undefined && oneOf.length > 0) {
      const results = oneOf.map((check) => run(check, value, path));
      const valid = results.filter((found) => found.length === 0).length;
      if (valid === 0) {
        fail('must validate one and only one schema (oneOf). Found none valid');
        out.push(...(results[0] ?? []));
      } else if (valid > 1) {
        fail(`must validate one and only one schema (oneOf). Found ${valid} valid alternatives`);
      }
    }
    if (allOf !== undefined && allOf.length > 0) {
      const results = allOf.map((check) => run(check, value, path));
      const valid = results.filter((found) => found.length === 0).length;
      for (const found of results) out.push(...found);
      if (valid !== allOf.length) fail(`must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`);
    }
    if (not !== undefined && run(not, value, path).length === 0) fail('must not validate the schema (not)');
  };
}

function stringCheck(node: SchemaNode): SimpleCheck<string> | undefined {
  const { minLength, maxLength, pattern } = node;
  const format = formatCheck(node.format);
  if (minLength === undefined && maxLength === undefined && pattern === undefined && format === undefined) return undefined;
  const regexp = pattern === undefined ? undefined : goRegExp(pattern);
  return (value, path, out) => {
    const length = maxLength === undefined && minLength === undefined ? 0 : codePoints(value);
    if (maxLength !== undefined && length > maxLength) {
      out.push(tooLong(at(path), maxLength));
      return;
    }
    if (minLength !== undefined && length < minLength) out.push(invalid(at(path), value, `${path} in body should be at least ${minLength} chars long`));
    if (pattern !== undefined && regexp?.test(value) !== true) {
      const why = regexp === undefined ? `${pattern}, but pattern is invalid` : pattern;
      out.push(invalid(at(path), value, `${path} in body should match '${why}'`));
    }
    if (format !== undefined && !format(value)) {
      out.push(typeInvalid(at(path), value, `${path} in body must be of type ${node.format ?? ''}: ${goQuote(value)}`));
    }
  };
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function numberCheck(node: SchemaNode): SimpleCheck<number> | undefined {
  const { minimum, maximum, multipleOf } = node;
  if (minimum === undefined && maximum === undefined && multipleOf === undefined) return undefined;
  const below = node.exclusiveMaximum === true;
  const above = node.exclusiveMinimum === true;
  return (value, path, out) => {
    const say = (detail: string): void => void out.push(invalid(at(path), value, `${path} in body ${detail}`));
    if (multipleOf !== undefined && !Number.isInteger(multipleOf < 1 ? (1 / multipleOf) * value : value / multipleOf)) say(`should be a multiple of ${multipleOf}`);
    if (maximum !== undefined && (below ? value >= maximum : value > maximum)) say(`should be less than ${below ? '' : 'or equal to '}${maximum}`);
    if (minimum !== undefined && (above ? value <= minimum : value < minimum)) say(`should be greater than ${above ? '' : 'or equal to '}${minimum}`);
  };
}

function listCheck(node: SchemaNode): ValueCheck | undefined {
  const { items, minItems, maxItems, uniqueItems } = node;
  if (items === undefined && minItems === undefined && maxItems === undefined && uniqueItems !== true) return undefined;
  let item: ValueCheck | undefined;
  return (value, path, out, old) => {
    const list = value as readonly Json[];
    if (items !== undefined && list.length > 0) {
      item ??= valueCheck(items);
      const find = old === undefined ? undefined : correlateItems(node, old);
      for (let i = 0; i < list.length; i += 1) item(list[i] as Json, `${path}[${i}]`, out, find?.(list[i] as Json));
    }
    if (minItems !== undefined && list.length < minItems) out.push(invalid(at(path), list.length, `${path} in body should have at least ${minItems} items`));
    if (maxItems !== undefined && list.length > maxItems) out.push(tooMany(at(path), list.length, maxItems));
    if (uniqueItems === true && list.some((one, i) => list.slice(0, i).some((other) => deepEqual(one, other)))) {
      out.push(invalid(at(path), '', `${path} in body shouldn't contain duplicates`));
    }
  };
}

function objectCheck(node: SchemaNode): ((value: JsonObject, path: string, out: SchemaViolation[], old: Json | undefined) => void) | undefined {
  const { properties, required: wanted, minProperties, maxProperties, additionalProperties } = node;
  const values = valueSchema(node);
  if (properties === undefined && wanted === undefined && minProperties === undefined && maxProperties === undefined && additionalProperties === undefined) return undefined;
  return (value, path, out, old) => {
    const oldObject = typeof old === 'object' && old !== null && !Array.isArray(old) ? (old as JsonObject) : undefined;
    const keys = Object.keys(value);
    const prefix = path === '' ? '' : `${path}.`;
    if (minProperties !== undefined && keys.length < minProperties) out.push(invalid(at(path), keys.length, `${path} in body should have at least ${minProperties} properties`));
    if (maxProperties !== undefined && keys.length > maxProperties) out.push(tooMany(at(path), keys.length, maxProperties));
    for (const key of keys) {
      const known = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
      const schema = known ?? values;
      if (schema !== undefined) valueCheck(schema)(value[key] as Json, prefix + key, out, path === '' && (key === 'kind' || key === 'apiVersion') ? undefined : oldObject?.[key]);
      else if (additionalProperties === false) out.push(invalid(at(path), key, `${prefix}${key} in body is a forbidden property`));
    }
    if (wanted !== undefined) for (const key of wanted) if (!Object.hasOwn(value, key)) out.push(required(prefix + key));
  };
}
