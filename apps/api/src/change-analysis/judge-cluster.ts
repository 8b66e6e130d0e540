import { kindsForChange, newFindings, type AnalysisChanges, type AnalysisFacts } from '@meshfleet/istio/analysis';
import type { SizedLimits } from '@meshfleet/jobs/thread';
import { MeshfleetError, type Finding } from '@meshfleet/model';
import { neighboursOfCluster } from '../analysis/neighbours-of-cluster.ts';
import { keysOf, type ChangeFindings, type ChangeOrder } from '../analysis/judge-change.ts';
import { withInventory } from '../analysis/with-inventory.ts';
import type { PreviewPlan } from '../planned-change/plan-change.ts';
import type { ClusterPreview } from '../planned-change/preview-clusters.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { taskThread } from '../thread/task-thread.ts';
import { changeOfCluster } from './change-of-cluster.ts';
import { comingInto } from './coming-changes.ts';

/** Up to so many characters of all that it looks at, an analysis is done where it is: some 10 ms, hardly more than it takes to hand it over and back. */
const SMALL = 64 * 1024;
const LONGEST_MS = 20_000;

const NOTHING: ChangeFindings = { introduced: [], resolved: [] };

/** Whether anything of what was found is worth a second, closer look. */
export type Concern = (findings: ChangeFindings) => boolean;

export const anything: Concern = ({ introduced, resolved }) => introduced.length + resolved.length > 0;
export const errors: Concern = ({ introduced }) => introduced.some(isError);

export const isError = ({ severity }: Finding): boolean => severity === 'ERROR';

/**
 * Analyses one cluster as its agent reported it and as a planned change would make it. It reads the kinds alone that rules for
 * the change look at; one of a request at a time. What the rest of the mesh has, and what is on its way into the cluster, can
 * only take findings away, costs more to read, and is asked for when the first look finds something that `concern`s.
 * @throws MeshfleetError LIMIT_EXCEEDED
 */
export function judgeCluster(scope: RequestScope, plan: PreviewPlan, preview: ClusterPreview, now: Date, concern: Concern): Promise<ChangeFindings> {
  return judgeIn(scope, preview, () => changeOfCluster(scope, plan, preview), now, concern);
}

/** {@link judgeCluster} for a change that is made of a planned one; undefined: there is none. */
export function judgeIn(scope: RequestScope, preview: ClusterPreview, changeOf: () => Promise<AnalysisChanges | undefined>, now: Date, concern: Concern): Promise<ChangeFindings> {
  return scope.inTurn(async () => {
    const change = (await changeOf()) ?? {};
    const kinds = kindsRead(change);
    if (kinds.length === 0) return NOTHING;
    const clusterId = preview.loaded.id;
    return withInventory(scope, { clusterId, kinds, fixTooLarge: WITHOUT }, async (inventory) => {
      const judge = async ({ coming, facts }: Pick<ChangeOrder, 'coming'> & { readonly facts: Partial<AnalysisFacts> }): Promise<ChangeFindings> =>
        taskThread.runWhereItFits(await scope.organizationId(), 'judgeChange', { inventory, change, coming, facts: { now: now.getTime(), ...facts } }, LIMITS);
      const first = await judge({ coming: {}, facts: {} });
      if (!concern(first)) return first;
      const tx = await scope.read();
      const [neighbours, coming] = await Promise.all([neighboursOfCluster(scope, clusterId), comingInto(tx, preview.loaded, kinds)]);
      const second = await judge({ coming, facts: neighbours });
      return { introduced: stillIn(second.introduced, first.introduced), resolved: stillIn(second.resolved, first.resolved) };
    });
  });
}

/** Those of the first findings that the second look has too; what it alone has, it has of changes that are not this one. */
function stillIn(second: readonly Finding[], first: readonly Finding[]): Finding[] {
  const gone = new Set(newFindings(second, first));
  return first.filter((finding) => !gone.has(finding));
}

/** Kinds, as the inventory names them, that the analysis of a change reads; empty: no rule can see it. */
export function kindsRead(change: AnalysisChanges): string[] {
  const keys = keysOf(change);
  return keys.length === 0 ? [] : [...new Set(kindsForChange(keys).map((kind) => kind.split('.', 1)[0] ?? kind))];
}

/** As {@link judgeFleet} does, and the findings gate does not. */
const WITHOUT = 'Preview it without the findings of this cluster. The change is made there without an analysis; a rollout whose gates look for findings stops there, unless its wave says findings: false.';

const tooMuch = (why: string): MeshfleetError =>
  new MeshfleetError({
    code: 'LIMIT_EXCEEDED',
    summary: 'The change could not be analysed',
    why,
    fix: 'Split it into several policies; or have an administrator say force: true, which does without.',
  });

const LIMITS: SizedLimits = {
  small: SMALL,
  longestMs: LONGEST_MS,
  tooSlow: () => tooMuch(`it took longer than ${LONGEST_MS / 1000} s in one of the clusters`),
  tooMuch: () => tooMuch('it takes more memory than there is'),
};
