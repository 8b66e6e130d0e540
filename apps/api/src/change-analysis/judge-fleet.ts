import { isTooLarge, MOST_OF_CLUSTER } from '@meshfleet/jobs/thread';
import type { Finding, MeshfleetError } from '@meshfleet/model';
import type { Placement } from '@meshfleet/planner';
import { sampleReportedClusters, weighInventories, type InventoryWeight, type PlacedSubject, type TouchedCluster } from '@meshfleet/store';
import { setImmediate } from 'node:timers/promises';
import type { PreviewPlan, UntouchedPlan } from '../planned-change/plan-change.ts';
import { composeAll, type ClusterPreview } from '../planned-change/preview-clusters.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { changeOfCluster } from './change-of-cluster.ts';
import { errors, isError, judgeCluster, kindsRead } from './judge-cluster.ts';
import { unanalysed, type Reporter } from './unanalysed.ts';

/** What the analysis says of a change in the clusters that it reaches or leaves. */
export interface Verdict {
  readonly clusters: number;
  /** Of these, clusters whose agents have reported what is in them. */
  readonly reported: number;
  /** Of these, clusters in which the change was analysed, or touches nothing that any rule looks at. */
  readonly analysed: number;
  /** Errors that the change would bring, each once, with the clusters that would have it. */
  readonly errors: readonly GatheredError[];
}

export interface GatheredError {
  readonly finding: Finding;
  readonly clusters: readonly string[];
}

export interface VerdictBounds {
  /** Clusters that are analysed at most. */
  readonly clusters: number;
  /** Objects of inventories that are read at most, in all of them together. */
  readonly objects: number;
  /** The same in bytes of their JSON. */
  readonly bytes: number;
  /** After so many clusters that would have errors the rest is not asked. */
  readonly failing: number;
}

export const VERDICT_BOUNDS: VerdictBounds = { clusters: 40, objects: 200_000, bytes: 256 * 1024 * 1024, failing: 10 };
/** Desired states that are composed at a time. */
const TOGETHER = 10;

/** A change whose plan is made when there is a cluster to analyse it in. */
export interface PlannedChange {
  readonly placement: Placement;
  readonly subject: PlacedSubject;
  plan(): Promise<UntouchedPlan> | UntouchedPlan;
}

/**
 * Analyses a change in the clusters that it touches, or, of many, in a sample that is the same each time: some of each mesh and
 * region. Clusters that have reported nothing cost one statement together; others cost what the change touches in them.
 * @throws MeshfleetError LIMIT_EXCEEDED
 */
export async function judgeFleet(scope: RequestScope, change: PlannedChange, now: Date, bounds: VerdictBounds = VERDICT_BOUNDS): Promise<Verdict> {
  const { touched, reported, sample } = await sampleReportedClusters(await scope.read(), change.placement, change.subject, bounds.clusters);
  if (sample.length === 0) return { clusters: touched, reported, analysed: 0, errors: [] };
  const gathered = new Map<string, { finding: Finding; clusters: string[] }>();
  const names = new Map(sample.map(({ id, name }) => [id, name]));
  const plan: PreviewPlan = { ...(await change.plan()), touched: sample };
  let [analysed, failing, objects, bytes] = [0, 0, 0, 0];
  for (let from = 0; from < sample.length && failing < bounds.failing; from += TOGETHER) {
    for (const { preview, isSeen, weight } of await withWeights(scope, plan, sample.slice(from, from + TOGETHER))) {
      if (failing >= bounds.failing || isTooLarge(weight) || isTooLarge({ objects: objects + weight.objects, bytes: bytes + weight.bytes }, bounds)) continue;
      objects += weight.objects;
      bytes += weight.bytes;
      analysed += 1;
      if (preview === undefined || !isSeen) continue;
      const found = (await judgeCluster(scope, plan, preview, now, errors)).introduced.filter(isError);
      if (found.length > 0) failing += 1;
      for (const finding of found) gather(gathered, finding, names.get(preview.loaded.id) ?? '');
    }
    // Others are served between one part of the fleet and the next, and what was read for this one is let go.
    await setImmediate();
  }
  return { clusters: touched, reported, analysed, errors: [...gathered.values()] };
}

interface WeighedCluster {
  readonly preview: ClusterPreview | undefined;
  /** Whether any rule can see the change. One that a rule can see may well be the first object of its kind, with nothing to read beside it. */
  readonly isSeen: boolean;
  /** What would be read to analyse it. */
  readonly weight: InventoryWeight;
}

async function withWeights(scope: RequestScope, plan: PreviewPlan, clusters: readonly TouchedCluster[]): Promise<WeighedCluster[]> {
  const previews = await composeAll(await scope.read(), plan, clusters.map(({ id }) => id));
  const kinds = await Promise.all(previews.map(async (preview) => (preview === undefined ? [] : kindsRead(await changeOfCluster(scope, plan, preview)))));
  const asked = [...new Set(kinds.flat())];
  // One statement for all: most are told the same.
  const weights = asked.length === 0 ? new Map<string, InventoryWeight>() : await weighInventories(await scope.read(), clusters.map(({ id }) => id), asked, MOST_OF_CLUSTER.objects);
  return previews.map((preview, index) => {
    const isSeen = (kinds[index]?.length ?? 0) > 0;
    return { preview, isSeen, weight: (isSeen ? weights.get(preview?.loaded.id ?? '') : undefined) ?? NO_WEIGHT };
  });
}

const NO_WEIGHT: InventoryWeight = { objects: 0, bytes: 0 };

function gather(gathered: Map<string, { finding: Finding; clusters: string[] }>, finding: Finding, cluster: string): void {
  const { code, object, path, message } = finding;
  const key = JSON.stringify([code, object, path ?? null, message]);
  const known = gathered.get(key);
  if (known === undefined) gathered.set(key, { finding, clusters: [cluster] });
  else known.clusters.push(cluster);
}

/**
 * The verdict, or why there is none: that is no obstacle to who does without it. A rule that breaks locks nobody's policies, and
 * the log is told what broke it.
 */
export async function tryToJudge(scope: Reporter, judged: Promise<Verdict>): Promise<Verdict | MeshfleetError> {
  try {
    return await judged;
  } catch (error) {
    return unanalysed(scope, error);
  }
}
