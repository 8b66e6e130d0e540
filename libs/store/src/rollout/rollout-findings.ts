import { doubtUnread, newErrors } from '@meshfleet/istio/analysis';
import type { Finding } from '@meshfleet/model';
import type { Tx } from '../connection/sql.ts';
import type { LoadedRolloutCluster } from './rollout-clusters.ts';

/** What the analysis finds in a cluster as its inventory shows it. It takes long: whoever steps a rollout looks before, and holds no lock while it does. */
export interface ClusterLook {
  /** Sequence of the inventory that was looked at, or of one before it. */
  readonly seq: number;
  /** The revision whose outcome that inventory shows. */
  readonly shows: number;
  readonly errors: readonly Finding[];
  /** Objects that the inventory names and does not show. */
  readonly unread: readonly string[];
  /** Why there is no answer; null: there is one. */
  readonly unknown: string | null;
}

export type ClusterLooks = ReadonlyMap<string, ClusterLook>;

/** What a row of `rollout_cluster` remembers of the analysis. */
export interface FindingsBaseline {
  /** Errors that were there before the cluster was told. */
  readonly errors: readonly Finding[];
  /** Objects that nobody could look at then. */
  readonly unread?: readonly string[];
  /** Sequence of the inventory that the rest is about. */
  readonly seq: number;
  /** Errors that were not there before, in a few words each. */
  readonly found: readonly string[];
  /** Why that is not known. Absent: it is. */
  readonly unknown?: string;
}

/** What a step knows of new errors in a cluster. */
export interface JudgedFindings {
  readonly found: readonly string[];
  readonly unknown?: string;
  /** The revision whose outcome was looked at. */
  readonly shows: number;
}

export interface JudgedClusters {
  readonly clusters: ReadonlyMap<string, JudgedFindings>;
  /** Clusters whose inventories have changed since, and that nobody has looked at. */
  readonly unseen: readonly string[];
}

/**
 * Compares what was found in clusters whose inventory has changed with what they had before, and remembers it; the others are
 * known. An inventory that has come since it was looked at wakes the rollout again.
 */
export function judgeLooks(tx: Tx, rolloutId: string, loaded: readonly LoadedRolloutCluster[], looks: ClusterLooks): JudgedClusters {
  const clusters = new Map<string, JudgedFindings>();
  const looked = new Map<string, FindingsBaseline>();
  const unseen: string[] = [];
  for (const { cluster, baseline, inventorySeq, inventoriedRevision } of loaded) {
    if (baseline === null) continue;
    const look = looks.get(cluster.id);
    if (baseline.seq === inventorySeq) clusters.set(cluster.id, { ...baseline, shows: inventoriedRevision });
    else if (look === undefined) unseen.push(cluster.id);
    else {
      const judged = compare(baseline, look);
      looked.set(cluster.id, judged);
      clusters.set(cluster.id, { ...judged, shows: look.shows });
    }
  }
  writeBaselines(tx, rolloutId, looked);
  return { clusters, unseen };
}

/** Before clusters are told: what was found in them as they are. */
export function noteBaselines(tx: Tx, rolloutId: string, looks: ClusterLooks): void {
  writeBaselines(tx, rolloutId, new Map([...looks].map(([id, { errors, unread, unknown }]) => [id, { errors, unread, seq: -1, found: [], ...(unknown === null ? {} : { unknown: `before it was told, ${unknown}` }) }])));
}

function compare({ errors, unread = [], unknown: before }: FindingsBaseline, { seq, errors: now, unknown }: ClusterLook): FindingsBaseline {
  const why = before ?? unknown;
  if (why !== null) return { errors, unread, seq, found: [], unknown: why };
  return { errors, unread, seq, found: newErrors(errors, doubtUnread(now, new Set(unread))).map(({ code, object, message }) => `${code} ${object}: ${message}`) };
}

function writeBaselines(tx: Tx, rolloutId: string, baselines: ReadonlyMap<string, FindingsBaseline>): void {
  if (baselines.size === 0) return;
  tx.send(
    `update rollout_cluster k set baseline = w.baseline::jsonb from unnest($3::uuid[], $4::text[]) as w (cluster_id, baseline)
     where k.organization_id = $1 and k.rollout_id = $2 and k.cluster_id = w.cluster_id`,
    [tx.organizationId, rolloutId, [...baselines.keys()], [...baselines.values()].map((baseline) => JSON.stringify(baseline))],
  );
}
