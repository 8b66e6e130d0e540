import { CustomObjectsApi, KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';

const objectSchema = z.looseObject({
  metadata: z.looseObject({ namespace: z.string(), name: z.string(), uid: z.string() }),
  spec: z.looseObject({}),
});
const listSchema = z.object({ items: z.array(objectSchema) });

export type MeshObject = z.infer<typeof objectSchema>;

/** The tour's eyes in a cluster: the mesh objects of a namespace, read as a person's kubectl would. */
export interface MeshObjects {
  /** `kind/name` to object, over the kinds that the tour touches. */
  snapshot(): Promise<Map<string, MeshObject>>;
  create(plural: string, object: object): Promise<void>;
  /** Changes an object as somebody with kubectl would. */
  tamper(plural: string, name: string, patch: object, manager: string): Promise<void>;
}

const KINDS = [
  { group: 'security.istio.io', plural: 'peerauthentications' },
  { group: 'networking.istio.io', plural: 'virtualservices' },
  { group: 'networking.istio.io', plural: 'destinationrules' },
] as const;
const NAMESPACE = 'shop';

export function openMeshObjects(kubeconfigFile: string): MeshObjects {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigFile);
  const api = config.makeApiClient(CustomObjectsApi);
  const groupOf = (plural: string): string => KINDS.find((kind) => kind.plural === plural)?.group ?? '';
  return {
    async snapshot() {
      const found = new Map<string, MeshObject>();
      for (const { group, plural } of KINDS) {
        const list = listSchema.parse(await api.listNamespacedCustomObject({ group, version: 'v1', namespace: NAMESPACE, plural }));
        for (const object of list.items) found.set(`${plural}/${object.metadata.name}`, object);
      }
      return found;
    },
    async create(plural, object) {
      await api.createNamespacedCustomObject({ group: groupOf(plural), version: 'v1', namespace: NAMESPACE, plural, body: object });
    },
    async tamper(plural, name, patch, manager) {
      await api.patchNamespacedCustomObject({
        group: groupOf(plural),
        version: 'v1',
        namespace: NAMESPACE,
        plural,
        name,
        fieldManager: manager,
        body: Object.entries(patch).map(([path, value]) => ({ op: 'replace', path, value: value as unknown })),
      });
    },
  };
}
