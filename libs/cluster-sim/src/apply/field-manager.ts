import type { KubeObject } from '@meshfleet/model';
import { badRequest, internalError, type StatusError } from '../server/status-error.ts';
import { compareValues, excludeFields, type Comparison } from './compare.ts';
import { conflictError, type Conflict } from './conflicts.ts';
import { FieldSet } from './field-set.ts';
import { isRecord, jsonEqual } from './json-equal.ts';
import { capUpdateManagers, decodeManagers, encodeManagers, managerId, type Manager, type Managers } from './managed-fields.ts';
import { mergeValues } from './merge-values.ts';
import { reconcileWithSchema, withNamedFields } from './named-fields.ts';
import { removeFields } from './remove-fields.ts';
import type { SchemaNode } from '../seam.ts';
import { toFieldSet } from './to-field-set.ts';
import { validateTyped } from './validate-typed.ts';

/** Who writes, and how the type owns its fields. */
export interface FieldContext {
  readonly manager: string;
  /** `apps/v1`: the version of the request. */
  readonly apiVersion: string;
  readonly subresource: string;
  /** The root node of the type, with metadata. */
  readonly node: SchemaNode;
  /** Fields that this endpoint resets (status on the main resource, spec on /status): nobody gets to own them here. */
  readonly resetFields: FieldSet;
  /** False for versions that are served no more: their managers are dropped. */
  readonly knowsVersion: (apiVersion: string) => boolean;
  readonly now: string;
  /** What an object of the type looks like before anything is set. */
  readonly empty?: unknown;
}

/** Fields that the server itself keeps, never part of managedFields. */
const SERVER_FIELDS = FieldSet.of(
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields', 'resourceVersion'].map(
    (name) => ['f:metadata', `f:${name}`],
  ),
);

/**
 * Records what a create, update or patch changed as its manager's own, and takes it from everybody else.
 * `live` is undefined on create; `empty` is then what the type looks like before anything is set.
 */
export function trackUpdate(live: KubeObject | undefined, next: KubeObject, context: FieldContext, empty: unknown): KubeObject {
  const managers = managersOfUpdate(live, next, context);
  const bare = withoutManagedFields(next);
  // What cannot be compared is tracked no more: a status sent with a body that does not fit the schema, a list item without its key.
  if (!isComparable(bare, context.node) || !isComparable(live, context.node)) return bare;
  // An object that lost all its managedFields on purpose is tracked no more, until somebody applies it.
  if (live !== undefined && managers.size === 0) return bare;
  const updated = recordUpdate(live === undefined ? empty : withoutManagedFields(live), bare, managers, context);
  return withManagers(bare, updated);
}

function isComparable(object: KubeObject | undefined, node: FieldContext['node']): boolean {
  return object === undefined || problemsOf(object, node).length === 0;
}

/** Fields that are not declared have been pruned by then, and an update may say the same twice. */
function problemsOf(object: KubeObject, node: FieldContext['node']): string[] {
  return validateTyped(object, node).filter((problem) => !/field not declared in schema$|: duplicate entries for key /.test(problem));
}

/** An update passes over a live object that does not fit its schema; an apply says so. */
function refuseUncomparable(live: KubeObject, { node, apiVersion }: FieldContext, words: (subject: string, why: string) => string): void {
  const problems = problemsOf(live, node);
  if (problems.length > 0) throw fault(words(subjectOf({ ...live, apiVersion }), together(problems)));
}

/** The result of an apply: the object to be written, and whether anything but ownership changed. */
export interface Applied {
  readonly object: KubeObject;
  readonly changed: boolean;
}

/**
 * Server-side apply: lays the configuration over the live object, takes away what this manager applied before and no longer does, and refuses
 * to change what others own unless forced. Throws 409 with one cause per field.
 */
export function applyConfiguration(live: KubeObject, config: KubeObject, context: FieldContext, force: boolean): Applied {
  refuseBadConfiguration(config, context);
  const bareLive = withoutManagedFields(live);
  let managers = decodeManagers(live.metadata.managedFields);
  if (managers === undefined) throw internalError('failed to decode managed fields');
  if (managers.size === 0 && live.metadata.uid !== undefined) {
    refuseUncomparable(bareLive, context, (subject, why) => `failed to create manager for existing fields: failed to convert new object (${subject}) to smd typed: ${why}`);
    managers = recordUpdate(context.empty ?? {}, bareLive, managers, { ...context, manager: 'before-first-apply' });
  }
  refuseUncomparable(bareLive, context, (subject, why) => `failed to create typed live object (${subject}): ${why}`);
  const attempt = (forced: boolean): Applied | Conflict[] => applyOnce(bareLive, config, managers, context, forced);
  let result = attempt(force);
  if (Array.isArray(result)) {
    const remaining = context.manager === 'kubectl' ? result.filter((conflict) => !lastAppliedOwns(bareLive, conflict, context)) : result;
    if (remaining.length > 0) throw conflictError(remaining);
    result = attempt(true) as Applied;
  }
  return result;
}

function refuseBadConfiguration(config: KubeObject, context: FieldContext): void {
  if (config.apiVersion !== context.apiVersion) {
    throw badRequest(`Incorrect version specified in apply patch. Specified patch version: ${config.apiVersion}, expected: ${context.apiVersion}`);
  }
  if (config.metadata.managedFields !== undefined && config.metadata.managedFields !== null) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const problems = validateTyped(config, context.node);
  if (problems.length > 0) throw untypedConfiguration(config, problems);
}

function untypedConfiguration(config: KubeObject, problems: readonly string[]): StatusError {
  return fault(`failed to create typed patch object (${subjectOf(config)}): ${together(problems)}`);
}

/** The object as errors of field management name it: `namespace/name; group/version, Kind=Kind`. */
function subjectOf({ apiVersion, kind, metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}; ${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

function together(problems: readonly string[]): string {
  return problems.length === 1 ? (problems[0] ?? '') : `errors:\n${problems.map((problem) => `  ${problem}`).join('\n')}`;
}

/** A 500 that bears its message alone. */
function fault(message: string): StatusError {
  return Object.assign(internalError(''), { status: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: 500, message } });
}

function applyOnce(live: KubeObject, config: KubeObject, before: Managers, context: FieldContext, force: boolean): Applied | Conflict[] {
  const managers = reconciled(before, context);
  const id = managerId({ name: context.manager, operation: 'Apply', subresource: context.subresource, apiVersion: context.apiVersion });
  const last = managers.get(id);
  const fields = toFieldSet(config, context.node).recursiveDifference(context.resetFields);
  managers.set(id, {
    name: context.manager,
    operation: 'Apply',
    subresource: context.subresource,
    apiVersion: context.apiVersion,
    fields,
    time: last?.time,
  });
  const merged = mergeValues(live, config, context.node);
  // The root of an object is a map, and apiVersion and kind are never pruned.
  const next = prune(merged, managers, last?.fields, context) as KubeObject;
  const conflicts = giveWay(live, next, managers, id, context, force).conflicts;
  if (conflicts.length > 0) return conflicts;
  strip(managers, id);
  const changed = !jsonEqual(live, next);
  const own = managers.get(id);
  // The time says when the manager last changed something, so an apply that changes nothing leaves it alone.
  if (own !== undefined && changed) managers.set(id, { ...own, time: context.now });
  return { object: withManagers(next, managers), changed };
}

/** Removes what the manager applied last time, not this time, and nobody else owns. */
function prune(merged: unknown, managers: Managers, last: FieldSet | undefined, context: FieldContext): unknown {
  if (last === undefined || last.empty) return merged;
  const { node } = context;
  const lastNamed = withNamedFields(last, node);
  const pruned = removeFields(merged, lastNamed, node);
  let owned = new FieldSet();
  for (const manager of managers.values()) owned = owned.union(manager.fields);
  const mergedSet = withNamedFields(toFieldSet(merged, node), node);
  const prunedSet = withNamedFields(toFieldSet(pruned, node), node);
  const withOwned = removeFields(merged, mergedSet.difference(prunedSet.union(withNamedFields(owned, node))), node);
  const keptSet = withNamedFields(toFieldSet(withOwned, node), node);
  return removeFields(merged, mergedSet.difference(keptSet).intersection(lastNamed), node);
}

function recordUpdate(before: unknown, next: KubeObject, managersBefore: Managers, context: FieldContext): Managers {
  const managers = reconciled(managersBefore, context);
  const identity = { name: context.manager, operation: 'Update' as const, subresource: context.subresource, apiVersion: context.apiVersion };
  const id = managerId(identity);
  const { comparison } = giveWay(before, next, managers, undefined, context, true);
  const taken = comparison.modified.union(comparison.added).recursiveDifference(context.resetFields).difference(SERVER_FIELDS);
  if (!taken.empty) {
    const fields = taken.union(managers.get(id)?.fields ?? new FieldSet());
    managers.set(id, { ...identity, fields, time: context.now });
  }
  capUpdateManagers(managers);
  return managers;
}

/** Finds who else owns what changed, and takes it from them when forced; what was removed belongs to nobody. */
function giveWay(
  before: unknown,
  next: KubeObject,
  managers: Managers,
  self: string | undefined,
  context: FieldContext,
  force: boolean,
): { conflicts: Conflict[]; comparison: Comparison } {
  const comparison = excludeFields(compareValues(before, next, context.node), context.resetFields);
  const changed = comparison.modified.union(comparison.added);
  const conflicts: Conflict[] = [];
  const others = [...managers].filter(([id]) => id !== self);
  for (const [, manager] of others) {
    for (const path of manager.fields.intersection(changed).paths()) conflicts.push({ manager, path });
  }
  if (conflicts.length > 0 && !force) return { conflicts, comparison };
  for (const [id, manager] of others) {
    replace(managers, id, manager.fields.difference(changed).difference(comparison.removed));
  }
  return { conflicts: [], comparison };
}

function strip(managers: Managers, id: string): void {
  const own = managers.get(id);
  if (own !== undefined) replace(managers, id, own.fields.difference(SERVER_FIELDS));
}

function replace(managers: Managers, id: string, fields: FieldSet): void {
  const manager = managers.get(id);
  if (manager === undefined) return;
  if (fields.empty) managers.delete(id);
  else managers.set(id, { ...manager, fields });
}

function reconciled(managers: Managers, context: FieldContext): Managers {
  const out: Managers = new Map();
  for (const [id, manager] of managers) {
    if (!context.knowsVersion(manager.apiVersion)) continue;
    out.set(id, { ...manager, fields: reconcileWithSchema(manager.fields, context.node) });
  }
  return out;
}

/** Clients may edit managedFields themselves; an empty list resets them, unreadable or absent ones leave the live ones in force. */
function managersOfUpdate(live: KubeObject | undefined, next: KubeObject, context: FieldContext): Managers {
  const liveManagers = decodeManagers(live?.metadata.managedFields) ?? new Map<string, Manager>();
  if (context.subresource !== '') return liveManagers;
  const given = next.metadata.managedFields;
  if (given !== undefined && given !== null && isReset(given)) return new Map();
  const decoded = decodeManagers(given ?? undefined);
  return decoded === undefined || decoded.size === 0 ? liveManagers : decoded;
}

function isReset(entries: readonly object[]): boolean {
  return entries.length === 0 || (entries.length === 1 && Object.keys(entries[0] ?? {}).length === 0);
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * `kubectl apply --server-side` over an object of `kubectl apply`: what the annotation says was applied, and still is so, is kubectl's own.
 */
function lastAppliedOwns(live: KubeObject, conflict: Conflict, context: FieldContext): boolean {
  const annotation = live.metadata.annotations?.[LAST_APPLIED];
  if (annotation === undefined || annotation === '') return false;
  let last: unknown;
  try {
    last = JSON.parse(annotation);
  } catch {
    return false;
  }
  if (!isRecord(last) || last['apiVersion'] !== context.apiVersion) return false;
  const { added, modified, removed } = compareValues(last, live, context.node);
  return toFieldSet(last, context.node).difference(modified).difference(added).difference(removed).has(conflict.path);
}

function withoutManagedFields(object: KubeObject): KubeObject {
  if (!Object.hasOwn(object.metadata, 'managedFields')) return object;
  const { managedFields: _dropped, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function withManagers(object: KubeObject, managers: Managers): KubeObject {
  const entries = encodeManagers(managers);
  return entries.length === 0 ? object : { ...object, metadata: { ...object.metadata, managedFields: entries } };
}
