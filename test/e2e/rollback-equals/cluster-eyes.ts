import { readFileSync } from 'node:fs';
import { accessFromKubeconfig, appliedFields, createKubeClient, createTransport, fieldPaths, joinFields, RESOURCES, type FieldSet, type KubeClient, type Resource } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';

const istio = (group: string, kind: string, plural: string): Resource => ({ group: `${group}.istio.io`, version: 'v1', kind, plural, namespaced: true });

const KINDS: readonly Resource[] = [
  istio('networking', 'VirtualService', 'virtualservices'),
  istio('networking', 'DestinationRule', 'destinationrules'),
  istio('networking', 'ServiceEntry', 'serviceentries'),
  RESOURCES.services,
  RESOURCES.deployments,
];

/** An object without what only tells how often it was written; `ours` and `others` are the fields that the product and that anybody else holds. */
export interface HeldObject {
  readonly uid: string | undefined;
  readonly generation: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly rest: object;
  readonly ours: readonly string[];
  readonly others: readonly string[];
}

/** `Kind/name` to object, of a namespace and itself. */
export type Held = Readonly<Record<string, HeldObject>>;

/** A person's kubectl in one cluster. */
export interface ClusterEyes {
  held(namespace: string): Promise<Held>;
  /** Server-side apply in somebody's name. */
  apply(manager: string, object: KubeObject): Promise<void>;
  close(): void;
}

export async function openClusterEyes(kubeconfigFile: string): Promise<ClusterEyes> {
  const transport = createTransport(await accessFromKubeconfig(readFileSync(kubeconfigFile, 'utf8')), { userAgent: 'kubectl' });
  const client: KubeClient = createKubeClient(transport);
  return {
    async held(namespace) {
      const lists = await Promise.all(KINDS.map(async (kind) => (await client.list(kind, { namespace })).items.map((object) => [`${kind.kind}/${object.metadata.name ?? ''}`, shown(object)] as const)));
      return Object.fromEntries([[`Namespace/${namespace}`, shown(await client.get(RESOURCES.namespaces, '', namespace))], ...lists.flat()]);
    },
    async apply(manager, object) {
      const resource = [RESOURCES.namespaces, ...KINDS].find(({ kind }) => kind === object.kind) ?? RESOURCES.namespaces;
      await client.apply(resource, object, { fieldManager: manager, force: true });
    },
    close: () => transport.close(),
  };
}

// Counts the templates that a Deployment has had.
const COUNTER = 'deployment.kubernetes.io/revision';

function shown({ metadata, apiVersion: _version, kind: _kind, ...object }: KubeObject): HeldObject {
  const { status: _status, ...rest } = object as { readonly status?: unknown };
  const { [COUNTER]: _counter, ...annotations } = metadata.annotations ?? {};
  const others = (metadata.managedFields ?? []).filter(({ manager, operation, subresource }) => !(manager === 'meshfleet' && operation === 'Apply') && (subresource ?? '') === '');
  return {
    uid: metadata.uid,
    generation: metadata.generation,
    labels: metadata.labels ?? {},
    annotations,
    rest,
    ours: paths(appliedFields(metadata.managedFields, 'meshfleet')),
    others: paths(others.reduce<FieldSet>((all, { fieldsV1 }) => joinFields(all, fieldsV1 ?? {}), {})),
  };
}

const paths = (set: FieldSet | undefined): readonly string[] => fieldPaths(set, 1000).filter((path) => !path.includes(COUNTER)).sort();
