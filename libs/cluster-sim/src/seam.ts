/**
 * The seam between the two halves of the simulated cluster.
 *
 * The server half (server, storage, patch, apply, faults) knows HTTP, resource versions and patches, but no kind by name.
 * The meaning half (kinds, schema, crd, auth, controllers) knows what the kinds mean, but not how they travel or are kept.
 */
import type { JsonObject, KubeObject } from '@meshfleet/model';

/** A column of `kubectl get`, as a CRD's `additionalPrinterColumns` and as the built-ins print it. */
export interface PrinterColumn {
  readonly name: string;
  /** integer, number, string, boolean, date */
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  /** Columns above priority 0 show with `-o wide` only. */
  readonly priority?: number;
  /** Simple JSONPath of CRDs: `.spec.hosts`, `.status.conditions[?(@.type=="Ready")].status`. */
  readonly jsonPath?: string;
  /** Built-ins compute their cells; wins over jsonPath. */
  readonly render?: (object: KubeObject, now: Date) => string | number | boolean | null;
}

/** One served (group, version, resource). */
export interface ResourceInfo {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Defaults to `${kind}List`. */
  readonly listKind?: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** get, list, watch, create, update, patch, delete, deletecollection. Create-only (virtual) resources have ['create']. */
  readonly verbs: readonly string[];
  readonly subresources: readonly Subresource[];
  /** What discovery says of each subresource (`deployments/scale` answers autoscaling/v1 Scale). Absent for custom resources: own kind, or Scale. */
  readonly subresourceDetails?: readonly { readonly name: string; readonly kind: string; readonly group: string; readonly version: string; readonly verbs: readonly string[] }[];
  /** Objects are kept in this version, whichever version wrote them. */
  readonly storageVersion: string;
  /** True when a CustomResourceDefinition defines it: no strategic merge patch, no protobuf. */
  readonly custom: boolean;
  readonly printerColumns: readonly PrinterColumn[];
  /** Paths of the scale subresource of custom resources; built-ins use .spec.replicas, .status.replicas, .spec.selector. */
  readonly scale?: { readonly specReplicasPath: string; readonly statusReplicasPath: string; readonly labelSelectorPath?: string };
  /** Extra field selectors of custom resources: JSON paths such as `.spec.color`. */
  readonly selectableFields?: readonly string[];
}

export type Subresource = 'status' | 'scale' | 'token' | 'eviction' | 'binding' | 'log' | 'exec' | 'attach' | 'portforward' | 'proxy' | 'finalize' | 'approval' | 'ephemeralcontainers' | 'resize';

/** OpenAPI node as the API server publishes it, with `$ref` and `allOf` of one already resolved (through getters where recursive). */
export interface SchemaNode {
  readonly type?: string;
  readonly format?: string;
  readonly nullable?: boolean;
  readonly required?: readonly string[];
  readonly properties?: { readonly [field: string]: SchemaNode };
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  /** merge, replace, retainKeys; several are separated by commas. */
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  /** Default value; server-side apply uses it for absent keys of associative lists (ports[].protocol). */
  readonly default?: unknown;
  /** Go's zero value of a required field, published as its default: an item of an associative list that lacks the key has that one. */
  readonly zeroDefault?: unknown;
  /**
   * A Go struct held by value: kube-openapi writes `default: {}` beside its $ref. It is there before anything is set, so creating an object
   * does not make anybody the owner of the struct itself.
   */
  readonly zeroStruct?: boolean;
}

export interface TypeSchema {
  readonly node: SchemaNode;
}

/** Which resources are served, and their types. `createRegistry(): Registry` in src/kinds/registry.ts. */
export interface Registry {
  /** All served (group, version) pairs, built-in and custom, in the order of discovery. */
  resources(): readonly ResourceInfo[];
  find(group: string, version: string, plural: string): ResourceInfo | undefined;
  byKind(group: string, version: string, kind: string): ResourceInfo | undefined;
  /** Merge keys, list types, pruning. The node's identity is stable per served version of a type. */
  schemaFor(info: ResourceInfo): TypeSchema;
  openapiV3(): { index: JsonObject; document(path: string): JsonObject | undefined };
  /** Optional: the v2 document for old clients. */
  openapiV2?(): JsonObject | undefined;
  /** A CRD came, changed or went. Returns the way to unsubscribe. */
  onChange(listener: () => void): () => void;
}

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** `createAdmission(registry: Registry): Admission` in src/schema/admission.ts. */
export interface Admission {
  /**
   * Called before every write, after the server half has settled metadata (name, uid, managed fields aside) and kept apart spec and status:
   * default, prune, validate; then the checks that need both (immutable fields, allocated values carried over).
   * Throws StatusError: 422 Invalid, 400 BadRequest (strict unknown fields), 403.
   * Must not change `object` in place: return a new one when something changes.
   */
  prepare(
    info: ResourceInfo,
    object: KubeObject,
    old: KubeObject | undefined,
    op: 'create' | 'update',
    context: AdmissionContext,
  ): { object: KubeObject; warnings: string[] };
  /**
   * Defaults alone, in the given version, without validation; used on what comes out of the store for a CRD whose defaults came later, and by
   * server-side apply before it looks up keys of associative lists. Optional.
   */
  defaults?(info: ResourceInfo, object: KubeObject, keepNulls?: boolean): KubeObject;
  /** Reads an object as its kind and answers what to warn of, without a look at anything else. Throws 400. Optional. */
  decode?(info: ResourceInfo, object: KubeObject, context: AdmissionContext): string[];
  /** Called when an object is really about to be deleted or given a deletionTimestamp; throws 403 for the undeletable (namespace `default`). Optional. */
  checkDelete?(info: ResourceInfo, object: KubeObject, context: AdmissionContext): void;
}

export interface AdmissionContext {
  readonly subresource?: string;
  readonly fieldValidation: FieldValidation;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  readonly store: StoreView;
  /** Nulls are an apply's own and not what a client wrote: they are judged, and not dropped. */
  readonly keepNulls?: boolean;
  /**
   * Paths at which the writer's own JSON says that a list or map is empty. The object no longer shows it, and storage forgets it; but errors that print
   * the value do, and Go's reflect.DeepEqual, by which some strategies compare with what is stored, tells it from none.
   */
  readonly saidEmpty?: ReadonlySet<string>;
  /** Position of duplicate keys in the body, found by the decoder; to be reported as `duplicate field "…"`. */
  readonly duplicateFields?: readonly string[];
}

export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: { readonly [key: string]: readonly string[] };
}

export interface RequestAttributes {
  readonly verb: string;
  /** Set for resource requests. */
  readonly group?: string;
  readonly version?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Set for requests outside /api and /apis resources: /version, /openapi/v3. */
  readonly nonResourcePath?: string;
}

/** Answers undefined when the token proves nothing: the server then says 401. No token at all is system:anonymous. */
export interface Authenticator {
  authenticate(bearer: string | undefined): Promise<UserInfo | undefined>;
}

export interface Authorizer {
  authorize(user: UserInfo, attributes: RequestAttributes): { allowed: boolean; reason: string };
}

/** What a create-only resource (TokenReview, SubjectAccessReview) or a subresource such as serviceaccounts/token gets. */
export interface VirtualRequest {
  readonly info: ResourceInfo;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly body: KubeObject;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  readonly store: StoreView;
}

export interface VirtualResource {
  handle(request: VirtualRequest): Promise<KubeObject>;
}

/** `createAuth(options: AuthOptions): Auth` in src/auth/auth.ts. */
export interface Auth {
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  /** The handler of a virtual resource or subresource; undefined: the server answers 404 or 405. */
  virtual(info: ResourceInfo, subresource?: string): VirtualResource | undefined;
  issueToken(
    serviceAccount: { namespace: string; name: string },
    options?: { audiences?: string[]; expirationSeconds?: number },
  ): Promise<string>;
  /** /openid/v1/jwks and /.well-known/openid-configuration. Optional. */
  jwks?(): Promise<JsonObject>;
}

export interface AuthOptions {
  readonly registry: Registry;
  readonly store: StoreView;
  readonly adminToken: string;
  readonly issuer: string;
  readonly now: () => Date;
  /** Small secrets that live with the cluster's data (signing keys). */
  readonly vault: Vault;
}

/** Kept in the data file, so that tokens outlive a restart. */
export interface Vault {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

export type StoreEvent = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** The storage version of the resource. */
  readonly info: ResourceInfo;
  readonly object: KubeObject;
  readonly old?: KubeObject;
};

export interface WriteOptions {
  /** Field manager; the default is kube-controller-manager. */
  readonly manager?: string;
  readonly user?: UserInfo;
}

export interface DeleteOptions {
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly user?: UserInfo;
}

/** What controllers, RBAC and CRD code see: in-process, synchronous, no HTTP, no RBAC. Objects are deeply frozen. */
export interface StoreView {
  get(info: ResourceInfo, namespace: string | undefined, name: string): KubeObject | undefined;
  list(info: ResourceInfo, namespace?: string): readonly KubeObject[];
  /** Events come in order, after the write has returned its object (queued when a listener itself writes). */
  subscribe(listener: (event: StoreEvent) => void): () => void;
  readonly write: {
    create(info: ResourceInfo, object: KubeObject, options?: WriteOptions): KubeObject;
    /** Conflicts (409) when `object.metadata.resourceVersion` is set and is not current. Removing the last finalizer of a dying object deletes it. */
    update(info: ResourceInfo, object: KubeObject, options?: WriteOptions): KubeObject;
    updateStatus(info: ResourceInfo, object: KubeObject, options?: WriteOptions): KubeObject;
    delete(info: ResourceInfo, namespace: string | undefined, name: string, options?: DeleteOptions): void;
    /** Drops every object of a resource without finalizers' say and ends its watches: a CRD went away. */
    purge(info: ResourceInfo): void;
  };
}

/** `createControllers(options: ControllerOptions): Controllers` in src/controllers/controllers.ts. */
export interface Controllers {
  start(store: StoreView): void;
  /** Resolves when nothing is left to do. */
  settle(): Promise<void>;
  stop(): void;
}

export interface NodeSpec {
  readonly name: string;
  readonly labels?: Record<string, string>;
}

export interface ControllerOptions {
  readonly registry: Registry;
  readonly clusterName: string;
  readonly kubernetesVersion: string;
  readonly caPem: string;
  /** Host and port of the API server, for the `kubernetes` Service's endpoints. */
  readonly address: { host: string; port: number };
  readonly nodes: readonly NodeSpec[];
  /** Whether somebody gives addresses to Services of type LoadBalancer. */
  readonly cloud: boolean;
  readonly now: () => Date;
}
