import type { Discovery, KubeClient } from '@meshfleet/kube';
import { RESOURCES } from '@meshfleet/kube';
import type { JsonObject } from '@meshfleet/model';
import { contentHash } from '@meshfleet/model';
import { kindName, servedKindOf } from '@meshfleet/protocol';
import type { ServedKind } from '@meshfleet/protocol';
import { madeGarbage } from '../spare-memory.ts';
import { servedMeshKinds } from './watched-kinds.ts';

/** What the cluster's API server holds objects of meshes to: digests kept, schemas read when somebody asks. */
export interface KindSchemas {
  /** By kind: `VirtualService.networking.istio.io`. Read anew after `changed`. */
  digests(): Promise<Record<string, string>>;
  /** The schemas with that digest; undefined when they have changed since. */
  read(digest: string): Promise<ServedKind | undefined>;
  changed(): void;
}

export function createKindSchemas(client: KubeClient, discovery: Discovery): KindSchemas {
  let known: Promise<Record<string, string>> | undefined;

  /** One definition at a time: together they are larger than all else that the agent holds. */
  async function readKind(plural: string, group: string): Promise<ServedKind | undefined> {
    const { items } = await client.list(RESOURCES.customResourceDefinitions, { fieldSelector: `metadata.name=${plural}.${group}`, limit: 1 });
    madeGarbage();
    const [definition] = items;
    return definition === undefined ? undefined : servedKindOf(definition as unknown as JsonObject); // what the API server answers is JSON
  }

  async function readDigests(): Promise<Record<string, string>> {
    const digests: Record<string, string> = {};
    for (const { plural, group } of servedMeshKinds(discovery)) {
      const kind = await readKind(plural, group);
      if (kind !== undefined) digests[kindName(kind)] = contentHash(kind);
    }
    return digests;
  }

  return {
    digests() {
      known ??= readDigests().catch((error: unknown) => {
        known = undefined;
        throw error;
      });
      return known;
    },
    async read(digest) {
      const digests = (await known) ?? {};
      const resource = servedMeshKinds(discovery).find((one) => digests[kindName(one)] === digest);
      const kind = resource === undefined ? undefined : await readKind(resource.plural, resource.group);
      return kind !== undefined && contentHash(kind) === digest ? kind : undefined;
    },
    changed() {
      known = undefined;
    },
  };
}
