import { CONTENT_KINDS, type BlastRadius } from '@meshfleet/istio';
import type { SizedLimits } from '@meshfleet/jobs/thread';
import { MeshfleetError } from '@meshfleet/model';
import { readIstioNamespaces } from '@meshfleet/store';
import { withInventory } from '../analysis/with-inventory.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { taskThread } from '../thread/task-thread.ts';
import type { PreviewPlan } from '../planned-change/plan-change.ts';
import { changedBodies, type ClusterPreview } from '../planned-change/preview-clusters.ts';

const CONTROL_PLANES = Symbol('namespaces in which clusters have an istiod');
const KINDS = [...new Set(CONTENT_KINDS.map((kind) => kind.split('.', 1)[0] ?? kind))];
const NOBODY: BlastRadius = { namespaces: [], workloads: [], services: [] };
/** Up to so many characters are looked through where they are, in some 10 ms: it is done in one pass. */
const SMALL = 512 * 1024;
const LONGEST_MS = 20_000;

/**
 * Whom the objects that would change concern, as they are and as they would be; one cluster of a request at a time.
 * @throws MeshfleetError LIMIT_EXCEEDED
 */
export function blastRadiusOf(scope: RequestScope, plan: PreviewPlan, preview: ClusterPreview): Promise<BlastRadius> {
  const { id } = preview.loaded;
  return scope.inTurn(async () => {
    const bodies = await changedBodies(scope, plan, preview);
    if (bodies.size === 0) return NOBODY;
    return withInventory(scope, { clusterId: id, kinds: KINDS, fixTooLarge: 'Preview it without its blast radius.' }, async (inventory) => {
      const order = { inventory, controlPlanes: await controlPlanesOf(scope, id), objects: [...bodies.values()] };
      return taskThread.runWhereItFits(await scope.organizationId(), 'reachOfChange', order, LIMITS);
    });
  });
}

function controlPlanesOf(scope: RequestScope, clusterId: string): Promise<readonly string[]> {
  return scope
    .loader<string, readonly string[]>(CONTROL_PLANES, async (tx, ids) => {
      const found = await readIstioNamespaces(tx, ids);
      return ids.map((id) => found.get(id) ?? []);
    })
    .load(clusterId);
}

const tooMuch = (why: string): MeshfleetError =>
  new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: 'The blast radius could not be found', why, fix: 'Split the change into several policies, or preview it without its blast radius.' });

const LIMITS: SizedLimits = {
  small: SMALL,
  longestMs: LONGEST_MS,
  tooSlow: () => tooMuch(`it took longer than ${LONGEST_MS / 1000} s in one of the clusters`),
  tooMuch: () => tooMuch('it takes more memory than there is'),
};
