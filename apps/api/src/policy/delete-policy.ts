import { MeshfleetError } from '@meshfleet/model';
import { NOWHERE, placementSchema } from '@meshfleet/planner';
import { announceChanged, approveDeletionsOfPolicy, findPolicyVersions, lockPolicyById, lockPolicyByName, markPolicyDeleted, type LockedPolicy, type Tx } from '@meshfleet/store';
import { z } from 'zod';
import { admitFindings } from '../change-analysis/admit-findings.ts';
import { forceInput } from '../change-analysis/force-input.ts';
import { judgeFleet, tryToJudge, type Verdict } from '../change-analysis/judge-fleet.ts';
import { planWithdrawal } from '../planned-change/plan-change.ts';
import type { AppliedPolicy } from './apply-policy.ts';
import { findPolicy } from './find-policy.ts';
import { rowId } from '../graphql/global-id.ts';
import type { UseCase } from '../graphql/mutate.ts';
import { warningsOfRollout } from '../rollout/warn-of-rollout.ts';
import { admitChange, beginStaged, type StagedChange } from '../rollout/stage-change.ts';
import { stageInput, type StageInput } from '../rollout/stage-input.ts';
import { isOnePolicy, whichPolicy } from './which-policy.ts';

const input = z
  .object({
    ...whichPolicy,
    approveDeletions: z
      .int()
      .min(0, 'The number of deletions must not be negative')
      .max(100_000, 'At most 100,000 deletions can be approved at once')
      .optional(),
    ...stageInput,
    ...forceInput,
  })
  .superRefine(isOnePolicy);

export type DeletedPolicy = Omit<AppliedPolicy, 'changed'>;

/**
 * Withdraws a policy from every cluster and removes it. Its versions stay readable by id. What others
 * still refer to is an error that the withdrawal would bring: it is refused like one that a version would bring.
 */
export const deletePolicy: UseCase<typeof input, DeletedPolicy, z.output<typeof input> & { readonly verdict: Verdict | MeshfleetError | null }> = {
  name: 'policyDelete',
  role: 'OPERATOR',
  input,
  async prepare(given, scope) {
    const policy = await findPolicy(await scope.read('OPERATOR'), given);
    const change = policy === undefined ? undefined : { placement: NOWHERE, subject: { policyName: policy.name, policyId: policy.id }, plan: () => planWithdrawal(policy) };
    return { ...given, verdict: change === undefined ? null : await tryToJudge(scope, judgeFleet(scope, change, new Date())) };
  },
  async run(change, { id, name, approveDeletions, verdict, force, ignoreFindings, ...stage }) {
    const { tx, now } = change;
    const policy = id === undefined ? await lockPolicyByName(tx, name ?? '') : await lockPolicyById(tx, rowId('Policy', id));
    if (policy === undefined) throw noSuchPolicy(id === undefined ? 'name' : 'id');
    const withdrawal = await withdrawalOf(tx, policy, stage);
    const findings = admitFindings(change.role, { force, ignoreFindings }, verdict, () => ({ field: ['input', id === undefined ? 'name' : 'id'] }));
    const ofRollout = await warningsOfRollout(change, withdrawal);
    await admitChange(change, withdrawal);
    if (stage.rollout === undefined) markPolicyDeleted(tx, policy.id, now);
    if (approveDeletions !== undefined && approveDeletions > 0) approveDeletionsOfPolicy(tx, policy.id, approveDeletions);
    const rolloutId = await beginStaged(change, policy.id, withdrawal);
    announceChanged(tx, { clusterIds: [], policyIds: [policy.id] });
    const details = { name: policy.name, version: policy.currentVersion, approveDeletions: approveDeletions ?? 0, staged: stage.rollout !== undefined, ...findings.audit };
    return { answer: { policyId: policy.id, warnings: [...findings.warnings, ...ofRollout], analysis: findings.analysis, ...(rolloutId === undefined ? {} : { rolloutId }) }, audit: { action: 'policy.delete', target: policy.id, details } };
  },
};

/** What a withdrawal touches: the objects of the stable version, where that one is placed. */
export async function withdrawalOf(tx: Tx, policy: Omit<LockedPolicy, 'currentVersion' | 'description'>, stage: StageInput): Promise<StagedChange> {
  const [stable] = policy.stableVersion === 0 ? [] : await findPolicyVersions(tx, [{ policyId: policy.id, version: policy.stableVersion }]);
  return { ...stage, policy, policyName: policy.name, version: null, touched: { names: [], versions: [] }, placement: stable === undefined ? null : placementSchema.parse(stable.placement) };
}

export function noSuchPolicy(field: 'id' | 'name'): MeshfleetError {
  return new MeshfleetError({
    code: 'NOT_FOUND',
    summary: 'There is no such policy',
    why: 'it does not exist, was deleted already, or belongs to another organization',
    fix: 'List the policies of the organization, and check the spelling.',
    where: { field: ['input', field] },
  });
}
