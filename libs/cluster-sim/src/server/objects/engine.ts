import type { KubeObject } from '@meshfleet/model';
import type { Admission, FieldValidation, Registry, ResourceInfo, StoreView, UserInfo } from '../../seam.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { keyOf, type Table } from '../../storage/table.ts';
import { notFound } from '../status-error.ts';
import { apiVersionOf, resourceId } from './strategy.ts';

/** What every operation on objects needs. One per cluster. */
export interface Engine {
  readonly store: ObjectStore;
  readonly registry: Registry;
  readonly admission: Admission;
  readonly view: StoreView;
  readonly now: () => Date;
  /** Objects that the storage holds with empty metadata; see empty-metadata.ts. */
  readonly withEmptyMetadata: WeakSet<KubeObject>;
}

/** Who writes, and how it is asked for. */
export interface WriteContext {
  readonly user: UserInfo;
  /** Field manager of the request. */
  readonly manager: string;
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  readonly duplicateFields?: readonly string[];
  /** True for applies: see AdmissionContext. */
  readonly keepNulls?: boolean;
  /** True for applies that write empty metadata into the storage; see empty-metadata.ts. */
  readonly emptyMetadata?: boolean;
}

/** A written object with the warnings that the answer's headers carry. */
export interface Written {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
  readonly created: boolean;
}

export function tableOf(engine: Engine, info: ResourceInfo): Table {
  return engine.store.table(resourceId(info));
}

/** The object as the version of the request shows it. Conversion is "None": only apiVersion differs. */
export function inVersion(object: KubeObject, info: Pick<ResourceInfo, 'group' | 'version'>): KubeObject {
  const apiVersion = apiVersionOf(info);
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

export function inStorageVersion(object: KubeObject, info: ResourceInfo): KubeObject {
  return inVersion(object, { group: info.group, version: info.storageVersion });
}

export function read(engine: Engine, info: ResourceInfo, namespace: string | undefined, name: string): KubeObject | undefined {
  const kept = tableOf(engine, info).get(keyOf(info.namespaced ? namespace : undefined, name));
  return kept === undefined ? undefined : inVersion(kept, info);
}

/** Puts an object into the storage and returns it as it is now kept. */
export function put(engine: Engine, table: Table, key: string, object: KubeObject, context: WriteContext): KubeObject {
  const kept = engine.store.put(table, key, object);
  if (context.emptyMetadata === true) engine.withEmptyMetadata.add(kept);
  return kept;
}

/** 404 when there is none. */
export function mustRead(engine: Engine, info: ResourceInfo, namespace: string | undefined, name: string): KubeObject {
  const object = read(engine, info, namespace, name);
  if (object === undefined) throw notFound(info, name);
  return object;
}

/** Seconds precision, as metav1.Time travels. */
export function timestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
