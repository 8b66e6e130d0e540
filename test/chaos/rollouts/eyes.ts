import { setTimeout as sleep } from 'node:timers/promises';
import { clusterNamed } from '../../../apps/demo/src/fleet.ts';
import { openMeshObjects, type MeshObjects } from '../../../apps/demo/src/tour/mesh-objects.ts';
import type { FleetOnPostgres } from '../../e2e/open-fleet.ts';
import { CLUSTERS } from './mortal-fleet.ts';
import type { ClusterName } from './mortal-fleet.ts';

/** A timeout that was read from a VirtualService of a cluster. */
export interface Glimpse {
  readonly cluster: ClusterName;
  readonly object: string;
  readonly seconds: number;
  readonly at: number;
}

/** Looks at what is really in the clusters, past the product. */
export interface Eyes {
  /** Each change that was seen, in its order by cluster. */
  readonly glimpses: readonly Glimpse[];
  /** Timeouts by the name of the object, now. */
  look(cluster: ClusterName): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}

export function openEyes(hub: FleetOnPostgres): Eyes {
  const glimpses: Glimpse[] = [];
  const objects = new Map<ClusterName, MeshObjects>(CLUSTERS.map((name) => [name, openMeshObjects(clusterNamed(hub.open.fleet, name).kubeconfigFile)]));
  let open = true;

  const look = async (cluster: ClusterName): Promise<ReadonlyMap<string, number>> => {
    const snapshot = await objects.get(cluster)?.snapshot();
    return new Map([...(snapshot ?? [])].flatMap(([key, { spec }]) => (key.startsWith('virtualservices/') ? [[key.slice('virtualservices/'.length), secondsOf(spec)] as const] : [])));
  };
  const follow = async (cluster: ClusterName): Promise<void> => {
    let before: ReadonlyMap<string, number> = new Map();
    while (open) {
      const seen = await look(cluster);
      const at = Date.now();
      for (const [object, seconds] of seen) if (before.get(object) !== seconds) glimpses.push({ cluster, object, seconds, at });
      before = seen;
      await sleep(80);
    }
  };
  const followed = Promise.all(CLUSTERS.map(follow));
  return {
    glimpses,
    look,
    close: async () => {
      open = false;
      await followed;
    },
  };
}

/** Ours all have one; of others' none counts. */
function secondsOf(spec: object): number {
  const { http } = spec as { http?: { timeout?: string }[] }; // a VirtualService
  return Number.parseInt(http?.[0]?.timeout ?? '0', 10);
}
