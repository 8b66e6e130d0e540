import type { ManagedFieldsEntry } from '@meshfleet/model';
import { FieldSet } from './field-set.ts';

/** One manager's entry of `metadata.managedFields`, decoded. */
export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource: string;
  readonly apiVersion: string;
  readonly fields: FieldSet;
  /** Seconds precision, as metav1.Time travels; undefined when the entry never took a field. */
  readonly time: string | undefined;
}

/** Managers by identity. */
export type Managers = Map<string, Manager>;

/** An applier is one manager across API versions; an updater is one per version and subresource. */
export function managerId(manager: Pick<Manager, 'name' | 'operation' | 'subresource' | 'apiVersion'>): string {
  const version = manager.operation === 'Apply' ? '' : manager.apiVersion;
  return JSON.stringify([manager.name, manager.operation, version, manager.subresource]);
}

/** Decodes managedFields; undefined when any entry is unreadable: kube-apiserver then takes none of them. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers | undefined {
  const managers: Managers = new Map();
  for (const entry of entries ?? []) {
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') return undefined;
    if (entry.apiVersion === undefined || entry.apiVersion === '' || entry.fieldsType !== 'FieldsV1') return undefined;
    const fields = FieldSet.fromFieldsV1(entry.fieldsV1 ?? {});
    if (fields === undefined) return undefined;
    const manager: Manager = {
      name: entry.manager ?? '',
      operation: entry.operation,
      subresource: entry.subresource ?? '',
      apiVersion: entry.apiVersion,
      fields,
      time: entry.time,
    };
    managers.set(managerId(manager), manager);
  }
  return managers;
}

/** Entries as Kubernetes orders them: appliers first, then by time, manager, version, subresource. */
export function encodeManagers(managers: Managers): ManagedFieldsEntry[] {
  return [...managers.values()].sort(compareManagers).map((manager) => ({
    ...(manager.name === '' ? {} : { manager: manager.name }),
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(manager.time === undefined ? {} : { time: manager.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: manager.fields.toFieldsV1(),
    ...(manager.subresource === '' ? {} : { subresource: manager.subresource }),
  }));
}

function compareManagers(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    seconds(a.time) - seconds(b.time) ||
    compareText(a.name, b.name) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function seconds(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1_000);
}

/** More update managers than this are folded into one, oldest first. */
const MAX_UPDATE_MANAGERS = 10;
const ANCIENT = 'ancient-changes';

/** Keeps the list bounded: the oldest updaters of a version are merged into `ancient-changes`. */
export function capUpdateManagers(managers: Managers): void {
  const updaters = [...managers].filter(([, manager]) => manager.operation === 'Update');
  let excess = updaters.length - MAX_UPDATE_MANAGERS;
  if (excess <= 0) return;
  updaters.sort(([idA, a], [idB, b]) => seconds(a.time) - seconds(b.time) || compareText(idA, idB));
  const firstOfVersion = new Map<string, string>();
  for (const [id, manager] of updaters) {
    if (excess <= 0) return;
    const first = firstOfVersion.get(manager.apiVersion);
    if (first === undefined) {
      firstOfVersion.set(manager.apiVersion, id);
      continue;
    }
    const bucket = { name: ANCIENT, operation: 'Update' as const, subresource: '', apiVersion: manager.apiVersion };
    const bucketId = managerId(bucket);
    const previous = managers.get(bucketId) ?? managers.get(first);
    if (!managers.has(bucketId)) managers.delete(first);
    managers.delete(id);
    managers.set(bucketId, { ...bucket, fields: previous?.fields.union(manager.fields) ?? manager.fields, time: manager.time });
    excess -= 1;
  }
}
