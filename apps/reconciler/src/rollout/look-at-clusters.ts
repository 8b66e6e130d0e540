import { failedAnalysis, withInventory, type AnalysisFailure, type InventorySource, type SizedLimits } from '@meshfleet/jobs/thread';
import { MeshfleetError, type Finding } from '@meshfleet/model';
import { NO_NEIGHBOURS, neighboursIn, readInventoryState, readInventoryTexts, readMeshHoldings, sqlStateOf } from '@meshfleet/store';
import type { ClusterLook, MeshHoldings, MeshNeighbours, Store, Tx } from '@meshfleet/store';
import { taskThread } from '../thread/task-thread.ts';

/** What the analysis finds in clusters, by cluster. */
export type LookAtClusters = (organizationId: string, clusterIds: readonly string[], now: Date) => Promise<ReadonlyMap<string, ClusterLook>>;

export interface LookParts {
  readonly store: Store;
  /** An analysis broke in a way that it should not. */
  readonly onBroken?: (clusterId: string, error: MeshfleetError) => void;
}

/** Nobody waits for an answer, and a busy machine is no reason to stop a rollout. */
const LONGEST_MS = 300_000;

/**
 * Analyses clusters as their agents reported them, holding neither a lock nor a connection meanwhile, one after another: of all
 * inventories a single one is in this process at a time, and a large one is looked through in a thread.
 */
export function createLook({ store, onBroken }: LookParts): LookAtClusters {
  let turn: Promise<unknown> = Promise.resolve();
  return async (organizationId, clusterIds, now) => {
    const read = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => store.transaction(organizationId, work, { readOnly: true });
    const neighboursOf = meshNeighbours(read);
    const inventoryOf = (clusterId: string): InventorySource => ({ organizationId, fixTooLarge: WITHOUT, read: async (bounds) => (await read((tx) => readInventoryTexts(tx, [clusterId], null, bounds))).get(clusterId) });
    const look = async (clusterId: string): Promise<ClusterLook> => {
      // Read before the inventory, which is then as new or newer.
      const state = await read((tx) => readInventoryState(tx, clusterId));
      const facts = { now: now.getTime(), ...(await neighboursOf(clusterId, state.mesh)) };
      const { seq, shows } = state;
      try {
        const { findings, unread } = await withInventory(inventoryOf(clusterId), (inventory) => taskThread.runWhereItFits(organizationId, 'analyzeInventory', { inventory, facts }, LIMITS));
        return { seq, shows, errors: findings.filter(isError), unread, unknown: null };
      } catch (error) {
        const failed = failedAnalysis(error, FAILURE);
        if (failed.code === 'ANALYSIS_FAILED') onBroken?.(clusterId, failed);
        return { seq, shows, errors: [], unread: [], unknown: inWords(failed) };
      }
    };
    const looks = new Map<string, ClusterLook>();
    for (const id of clusterIds) {
      const seen = turn.then(() => look(id));
      turn = seen.catch(() => undefined); // told to whoever asked
      looks.set(id, await seen);
    }
    return looks;
  };
}

/** What the other clusters of a mesh have; each mesh is read once. */
function meshNeighbours(read: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>): (clusterId: string, mesh: string | null) => Promise<MeshNeighbours> {
  const known = new Map<string, MeshHoldings | undefined>();
  return async (clusterId, mesh) => {
    if (mesh === null) return NO_NEIGHBOURS;
    if (!known.has(mesh)) known.set(mesh, (await read((tx) => readMeshHoldings(tx, [mesh])))[0]);
    const holdings = known.get(mesh);
    return holdings === undefined ? NO_NEIGHBOURS : neighboursIn(holdings, clusterId);
  };
}

const isError = ({ severity }: Finding): boolean => severity === 'ERROR';

/** A person reads it as the reason why the cluster failed. */
function inWords({ summary, why, fix }: MeshfleetError): string {
  return `${why === undefined ? summary : `${summary}: ${why}`}. ${fix ?? ''}`.trimEnd();
}

const FAILURE: AnalysisFailure = { summary: 'The cluster could not be analysed', fix: 'Report it with the manifests that break it.', isOutage: (error) => sqlStateOf(error) !== undefined };
const WITHOUT = 'Put it in a wave whose gates say findings: false.';
const tooMuch = (why: string): MeshfleetError => new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: 'The cluster could not be analysed', why, fix: WITHOUT });

const LIMITS: SizedLimits = {
  small: 64 * 1024,
  longestMs: LONGEST_MS,
  tooSlow: () => tooMuch(`it took longer than ${LONGEST_MS / 1000} s`),
  tooMuch: () => tooMuch('it takes more memory than there is'),
};
