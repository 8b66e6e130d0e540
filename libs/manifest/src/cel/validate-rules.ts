import type { Json, JsonObject } from '@meshfleet/model';
import { Optional } from '@marcbachmann/cel-js';
import { anyNode, valueSchema } from '../schema/schema-node.ts';
import type { SchemaNode, ValidationRule } from '../schema/schema-node.ts';
import { duplicate, forbidden, invalid, required, WHOLE_OBJECT } from '../schema/violation.ts';
import type { SchemaViolation } from '../schema/violation.ts';
import { deepEqual } from '../schema/deep-equal.ts';
import { correlateItems } from '../schema/correlate.ts';
import { celConversions, compileExpression } from './compile-rule.ts';
import type { CompiledExpression } from './compile-rule.ts';
import { toCelValue } from './convert-value.ts';

const MAX_MESSAGE_BYTES = 5 * 1024;

interface PreparedRule {
  readonly rule: ValidationRule;
  readonly program: CompiledExpression | { readonly error: string };
  readonly message: CompiledExpression | undefined;
  readonly path: string;
}

/** The rules of a node and of all below it, prepared once. */
interface RuleNode {
  readonly schema: SchemaNode;
  readonly rules: readonly PreparedRule[];
  readonly properties: readonly (readonly [string, RuleNode])[];
  readonly values: RuleNode | undefined;
  readonly items: RuleNode | undefined;
}

export interface RuleSet {
  validate(value: Json, old: Json | undefined): SchemaViolation[];
}

/** Prepares all `x-kubernetes-validations` of a schema; undefined when it has none. */
export function compileRules(schema: SchemaNode): RuleSet | undefined {
  const root = prepare(schema);
  if (root === undefined) return undefined;
  return {
    validate(value, old) {
      const out: SchemaViolation[] = [];
      walk(root, value, undefined, { old, comparable: old, correlated: old !== undefined }, '', out);
      return out;
    },
  };
}

function prepare(schema: SchemaNode): RuleNode | undefined {
  if (!anyNode(schema, hasRules)) return undefined;
  const values = valueSchema(schema);
  const properties: [string, RuleNode][] = [];
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    const prepared = prepare(child);
    if (prepared !== undefined) properties.push([key, prepared]);
  }
  return {
    schema,
    rules: rulesOf(schema).map(prepareRule),
    properties,
    values: values === undefined ? undefined : prepare(values),
    items: schema.items === undefined ? undefined : prepare(schema.items),
  };
}

function rulesOf(schema: SchemaNode): readonly ValidationRule[] {
  const nested = (schema.allOf ?? []).flatMap((branch) => branch['x-kubernetes-validations'] ?? []);
  const own = schema['x-kubernetes-validations'] ?? [];
  return nested.length === 0 ? own : [...own, ...nested];
}

function hasRules(schema: SchemaNode): boolean {
  return rulesOf(schema).length > 0;
}

function prepareRule(rule: ValidationRule): PreparedRule {
  const message = rule.messageExpression === undefined ? undefined : compileExpression(rule.messageExpression);
  return {
    rule,
    program: compileExpression(rule.rule),
    message: message !== undefined && 'evaluate' in message ? message : undefined,
    path: (rule.fieldPath ?? '').replaceAll(/\['((?:[^'\\]|\\.)*)'\]/g, (_, key: string) => `[${key.replaceAll(/\\(.)/g, '$1')}]`),
  };
}

interface Previous {
  /** The value before the update, where Kubernetes lets rules compare with it. */
  readonly old: Json | undefined;
  /** The nearest value before the update that can be correlated: an error under an unchanged one is forgiven. */
  readonly comparable: Json | undefined;
  readonly correlated: boolean;
}

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `cel` is the converted form of `value`, when a node above has converted it already. */
function walk(node: RuleNode, value: Json, cel: unknown, previous: Previous, path: string, out: SchemaViolation[], forgiven = false): void {
  if (value === null) return;
  const unchanged = forgiven || (previous.correlated && previous.comparable !== undefined && deepEqual(value, previous.comparable));
  let self = cel;
  if (node.rules.length > 0) {
    self ??= toCelValue(value, node.schema, celConversions());
    runRules(node, value, self, previous.old, unchanged, path, out);
  }
  const celChild = (key: string | number): unknown => childOf(self, key);
  if (Array.isArray(value)) {
    if (node.items === undefined) return;
    const find = correlateItems(node.schema, previous.old);
    for (let i = 0; i < value.length; i += 1) {
      const item = value[i] as Json;
      walk(node.items, item, celChild(i), next(find?.(item)), `${path}[${i}]`, out, unchanged);
    }
  } else if (isObject(value)) {
    const old = isObject(previous.old) ? previous.old : undefined;
    if (node.values !== undefined) {
      for (const [key, one] of Object.entries(value)) {
        if (node.schema.properties !== undefined && Object.hasOwn(node.schema.properties, key)) continue;
        walk(node.values, one, celChild(key), next(old?.[key]), `${path}[${key}]`, out, unchanged);
      }
    }
    for (const [key, child] of node.properties) {
      const one = value[key];
      if (one !== undefined) walk(child, one, celChild(key), next(old?.[key]), path === '' ? key : `${path}.${key}`, out, unchanged);
    }
  }
}

function next(old: Json | undefined): Previous {
  return { old, comparable: old, correlated: old !== undefined };
}

function childOf(self: unknown, key: string | number): unknown {
  if (typeof key === 'number') return Array.isArray(self) ? (self[key] as unknown) : undefined;
  if (typeof self !== 'object' || self === null || self instanceof Map) return undefined;
  // Reserved and escaped names are looked up anew below: undefined makes the child convert itself.
  return Object.hasOwn(self, key) ? (self as Record<string, unknown>)[key] : undefined;
}

function runRules(node: RuleNode, value: Json, self: unknown, old: Json | undefined, unchanged: boolean, path: string, out: SchemaViolation[]): void {
  const at = path === '' ? WHOLE_OBJECT : path;
  const type = node.schema.type ?? (Array.isArray(value) ? 'array' : typeof value);
  for (const { rule, program, message, path: fieldPath } of node.rules) {
    if ('error' in program) {
      out.push(invalid(at, type, `rule compile error: ${program.error}`));
      continue;
    }
    const optional = rule.optionalOldSelf === true;
    if (program.usesOldSelf && old === undefined && !optional) continue;
    const oldSelf = program.usesOldSelf || message?.usesOldSelf === true ? oldValue(old, node.schema, optional) : undefined;
    const outcome = program.evaluate(self, oldSelf);
    const text = rule.message?.trim() ?? rule.rule.trim();
    if ('error' in outcome) {
      const detail = outcome.error.startsWith('no such overload')
        ? `'${outcome.error}': call arguments did not match a supported operator, function or macro signature for rule: ${text}`
        : `${outcome.error} evaluating rule: ${text}`;
      out.push(invalid(at, type, detail));
    } else if (outcome.value !== true && (program.usesOldSelf || !unchanged)) {
      const where = fieldPath === '' ? at : at === WHOLE_OBJECT ? fieldPath.replace(/^\./, '') : `${at}${fieldPath}`;
      const detail = messageOf(message, self, oldSelf) ?? (rule.message === undefined ? `failed rule: ${text}` : text);
      const shown = type === 'object' || type === 'array' ? undefined : value;
      out.push(failure(rule.reason, where, shown, detail));
    }
  }
}

function oldValue(old: Json | undefined, schema: SchemaNode, optional: boolean): unknown {
  const converted = old === undefined ? undefined : toCelValue(old, schema, celConversions());
  if (!optional) return converted;
  return converted === undefined || converted === null ? Optional.none() : Optional.of(converted);
}

function messageOf(message: CompiledExpression | undefined, self: unknown, oldSelf: unknown): string | undefined {
  const outcome = message?.evaluate(self, oldSelf);
  if (outcome === undefined || 'error' in outcome || typeof outcome.value !== 'string') return undefined;
  const text = outcome.value.trim();
  return text === '' || text.includes('\n') || text.length > MAX_MESSAGE_BYTES ? undefined : text;
}

function failure(reason: string | undefined, path: string, value: Json | undefined, detail: string): SchemaViolation {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbidden(path, detail);
    case 'FieldValueRequired':
      return required(path, detail);
    case 'FieldValueDuplicate':
      return duplicate(path, value);
    default:
      return invalid(path, value, detail);
  }
}
