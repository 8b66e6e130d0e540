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
  /** By kind: `VirtualService.networking.istio.io`. Reads those definitions alone that are new or have changed since. */
  digests(): Promise<Record<string, string>>;
  /** The schemas with that digest; undefined when they have changed since. */
  read(digest: string): Promise<ServedKind | undefined>;
  /** The definition of that name (`virtualservices.networking.istio.io`) is another now, or gone. */
  changed(name: string): void;
}

interface Digest {
  readonly kind: string;
  readonly digest: string;
}

export function createKindSchemas(client: KubeClient, discovery: Discovery): KindSchemas {
  /** By name of the definition; null where there is none, as of kinds that an aggregated server brings. */
  const known = new Map<string, Digest | null>();
  /** How often each has changed: what changed while it was read is read again the next time. */
  const changes = new Map<string, number>();
  let reading: Promise<Record<string, string>> | undefined;

  /** One definition at a time: together they are larger than all else that the agent holds. */
  async function readKind(name: string): Promise<ServedKind | undefined> {
    const { items } = await client.list(RESOURCES.customResourceDefinitions, { fieldSelector: `metadata.name=${name}`, limit: 1 });
    madeGarbage();
    const [definition] = items;
    return definition === undefined ? undefined : servedKindOf(definition as unknown as JsonObject); // what the API server answers is JSON
  }

  async function digestOf(name: string): Promise<Digest | null> {
    const held = known.get(name);
    if (held !== undefined) return held;
    const asOf = changes.get(name);
    const kind = await readKind(name);
    const digest = kind === undefined ? null : { kind: kindName(kind), digest: contentHash(kind) };
    if (changes.get(name) === asOf) known.set(name, digest);
    return digest;
  }

  async function readDigests(): Promise<Record<string, string>> {
    const digests: Record<string, string> = {};
    for (const resource of servedMeshKinds(discovery)) {
      const found = await digestOf(definitionOf(resource));
      if (found !== null) digests[found.kind] = found.digest;
    }
    return digests;
  }

  return {
    digests() {
      if (reading !== undefined) return reading;
      const turn = readDigests().finally(() => {
        if (reading === turn) reading = undefined;
      });
      reading = turn;
      return turn;
    },
    async read(digest) {
      const name = servedMeshKinds(discovery).map(definitionOf).find((each) => known.get(each)?.digest === digest);
      const kind = name === undefined ? undefined : await readKind(name);
      return kind !== undefined && contentHash(kind) === digest ? kind : undefined;
    },
    changed(name) {
      known.delete(name);
      changes.set(name, (changes.get(name) ?? 0) + 1);
      reading = undefined;
    },
  };
}

const definitionOf = ({ plural, group }: { readonly plural: string; readonly group: string }): string => `${plural}.${group}`;
