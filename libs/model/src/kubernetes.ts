/** JSON as it travels. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Annotation of objects that are to end: the time from which no cluster is asked to hold them any more. */
export const EXPIRES_AT = 'meshfleet.io/expires-at';

/** Label that agents set: `true` on what is Meshfleet's as a whole, `metadata` where only labels and annotations are. */
export const MANAGED_LABEL = 'meshfleet.io/managed';
/** Annotation that agents set: the policy that an object is held by. */
export const POLICY_ANNOTATION = 'meshfleet.io/policy';
/** Annotation that agents set: whether Meshfleet has brought an object into being, or found it. */
export const ORIGIN_ANNOTATION = 'meshfleet.io/origin';
/** Annotation that agents set: first digits of the content hash that was applied last. It tells an object that somebody changed from one that lacks the newest version. */
export const CONTENT_ANNOTATION = 'meshfleet.io/content';

/** Metadata of a Kubernetes object, as far as Meshfleet reads or writes it. */
export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** One manager's fields, as server-side apply tracks them (FieldsV1). */
export interface ManagedFieldsEntry {
  manager?: string;
  operation?: 'Apply' | 'Update';
  apiVersion?: string;
  time?: string;
  fieldsType?: 'FieldsV1';
  fieldsV1?: Record<string, unknown>;
  subresource?: string;
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** Group and kind with the namespace and name: what identifies an object across API versions. */
export interface ObjectKey {
  /** API group; the core group is the empty string. */
  readonly group: string;
  readonly kind: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
}

/** `VirtualService.networking.istio.io/shop/reviews`; the core group has no dot part; cluster-scoped objects have no namespace part. */
export function formatObjectKey(key: ObjectKey): string {
  const kind = key.group === '' ? key.kind : `${key.kind}.${key.group}`;
  return key.namespace === '' ? `${kind}/${key.name}` : `${kind}/${key.namespace}/${key.name}`;
}

/** The reverse of {@link formatObjectKey}; undefined when the text is not a key. */
export function parseObjectKey(text: string): ObjectKey | undefined {
  const parts = text.split('/');
  if (parts.length < 2 || parts.length > 3 || parts.some((part) => part === '')) return undefined;
  const [head = '', second = '', third] = parts;
  const dot = head.indexOf('.');
  const kind = dot === -1 ? head : head.slice(0, dot);
  const group = dot === -1 ? '' : head.slice(dot + 1);
  return third === undefined ? { group, kind, namespace: '', name: second } : { group, kind, namespace: second, name: third };
}

/** Splits `networking.istio.io/v1` into group and version; `v1` alone is the core group. */
export function parseApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return slash === -1
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** The key of an object; missing names and namespaces become empty texts. */
export function objectKeyOf(object: KubeObject): ObjectKey {
  return {
    group: parseApiVersion(object.apiVersion).group,
    kind: object.kind,
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name ?? '',
  };
}
