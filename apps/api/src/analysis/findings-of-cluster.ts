import type { SizedLimits } from '@meshfleet/jobs/thread';
import { MeshfleetError, type Finding } from '@meshfleet/model';
import type { RequestScope } from '../request/request-scope.ts';
import { taskThread } from '../thread/task-thread.ts';
import { neighboursOfCluster } from './neighbours-of-cluster.ts';
import { withInventory } from './with-inventory.ts';

const FINDINGS = Symbol('findings of a cluster');
/** Up to so many characters are analysed where they are. */
const SMALL = 64 * 1024;
const LONGEST_MS = 20_000;

/**
 * What the analysis finds in a cluster as its agent reported it; once in a request, one cluster at a time.
 * @throws MeshfleetError LIMIT_EXCEEDED
 */
export function findingsOfCluster(scope: RequestScope, clusterId: string, now: Date): Promise<readonly Finding[]> {
  const analyzeEach = (ids: readonly string[]): Promise<(readonly Finding[])[]> =>
    scope.inTurn(async () => {
      const found: (readonly Finding[])[] = [];
      for (const id of ids) found.push(await analyzeOne(scope, id, now));
      return found;
    });
  return scope.loader<string, readonly Finding[]>(FINDINGS, (_tx, ids) => analyzeEach(ids)).load(clusterId);
}

function analyzeOne(scope: RequestScope, clusterId: string, now: Date): Promise<readonly Finding[]> {
  return withInventory(scope, { clusterId, kinds: null, fixTooLarge: WITHOUT }, async (inventory) => {
    const neighbours = await neighboursOfCluster(scope, clusterId);
    const order = { inventory, facts: { now: now.getTime(), ...neighbours } };
    return (await taskThread.runWhereItFits(await scope.organizationId(), 'analyzeInventory', order, LIMITS)).findings;
  });
}

const WITHOUT = 'Ask for it without its findings.';
const tooMuch = (why: string): MeshfleetError => new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: 'The cluster could not be analysed', why, fix: WITHOUT });

const LIMITS: SizedLimits = {
  small: SMALL,
  longestMs: LONGEST_MS,
  tooSlow: () => tooMuch(`it took longer than ${LONGEST_MS / 1000} s`),
  tooMuch: () => tooMuch('it takes more memory than there is'),
};
