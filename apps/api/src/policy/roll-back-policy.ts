import { MeshfleetError } from '@meshfleet/model';
import { placementSchema } from '@meshfleet/planner';
import { advancePolicy, announceChanged, findPolicyVersions, insertPolicyVersion, lockPolicyById, lockPolicyByName, type LockedPolicy, type PolicyVersionRow } from '@meshfleet/store';
import { z } from 'zod';
import { admitFindings } from '../change-analysis/admit-findings.ts';
import { forceInput } from '../change-analysis/force-input.ts';
import { judgeFleet, tryToJudge, type PlannedChange, type Verdict } from '../change-analysis/judge-fleet.ts';
import { planVersion } from '../planned-change/plan-change.ts';
import { findPolicy } from './find-policy.ts';
import { rowId } from '../graphql/global-id.ts';
import type { UseCase } from '../graphql/mutate.ts';
import { warningsOfRollout } from '../rollout/warn-of-rollout.ts';
import { admitChange, beginStaged, type StagedChange } from '../rollout/stage-change.ts';
import { stageInput, type StageInput } from '../rollout/stage-input.ts';
import type { AppliedPolicy } from './apply-policy.ts';
import { noSuchPolicy } from './delete-policy.ts';
import { warningsOfVersion } from './warn-of-intent.ts';
import { isOnePolicy, whichPolicy } from './which-policy.ts';

const input = z
  .object({
    ...whichPolicy,
    version: z.int().min(1, 'Versions begin with 1'),
    comment: z.string().max(2000, 'A comment has at most 2000 characters').optional(),
    ...stageInput,
    ...forceInput,
  })
  .superRefine(isOnePolicy);

/** Makes the next version of a policy from the intent of an earlier one: history only grows. */
export const rollBackPolicy: UseCase<typeof input, AppliedPolicy, z.output<typeof input> & { readonly verdict: Verdict | MeshfleetError | null }> = {
  name: 'policyRollBack',
  role: 'OPERATOR',
  input,
  async prepare(given, scope) {
    const tx = await scope.read('OPERATOR');
    const policy = await findPolicy(tx, given);
    const [found] = policy === undefined ? [] : await findPolicyVersions(tx, [{ policyId: policy.id, version: given.version }]);
    if (policy === undefined || found === undefined) return { ...given, verdict: null };
    const placement = placementSchema.parse(found.placement);
    const change: PlannedChange = { placement, subject: { policyName: policy.name, policyId: policy.id }, plan: () => planVersion(policy.name, policy, { ...found, placement }) };
    return { ...given, verdict: await tryToJudge(scope, judgeFleet(scope, change, new Date())) };
  },
  async run(change, { id, name, version: earlier, comment, verdict, force, ignoreFindings, ...stage }) {
    const { tx, actor, now } = change;
    const policy = id === undefined ? await lockPolicyByName(tx, name ?? '') : await lockPolicyById(tx, rowId('Policy', id));
    if (policy === undefined) throw noSuchPolicy(id === undefined ? 'name' : 'id');
    const [found] = await findPolicyVersions(tx, [{ policyId: policy.id, version: earlier }]);
    if (found === undefined) throw noSuchVersion(policy.name, earlier, policy.currentVersion);
    const version = policy.currentVersion + 1;
    const staged = returnTo(found, policy, stage);
    const { warnings, analysis, audit } = admitFindings(change.role, { force, ignoreFindings }, verdict, () => ({ field: ['input', 'version'] }));
    const unlike = await warningsOfVersion(tx, found, placementSchema.parse(found.placement), { policyName: policy.name, policyId: policy.id });
    const ofRollout = await warningsOfRollout(change, staged);
    await admitChange(change, staged);
    advancePolicy(tx, { id: policy.id, description: policy.description, version, at: now, staged: stage.rollout !== undefined });
    insertPolicyVersion(tx, { ...found, version, comment: comment ?? `As version ${earlier}`, createdBy: actor, createdAt: now });
    const rolloutId = await beginStaged(change, policy.id, staged);
    announceChanged(tx, { clusterIds: [], policyIds: [policy.id] });
    return {
      answer: { policyId: policy.id, changed: true, warnings: [...unlike, ...warnings, ...ofRollout], analysis, ...(rolloutId === undefined ? {} : { rolloutId }) },
      audit: { action: 'policy.roll-back', target: policy.id, details: { name: policy.name, version, earlier, staged: stage.rollout !== undefined, ...audit } },
    };
  },
};

/** What a return to an earlier version touches. */
export function returnTo({ version: earlier, placement }: PolicyVersionRow, policy: Omit<LockedPolicy, 'description' | 'stableVersion'>, stage: StageInput): StagedChange {
  return { ...stage, policy, policyName: policy.name, version: policy.currentVersion + 1, touched: { names: [], versions: [earlier] }, placement: placementSchema.parse(placement) };
}

export function noSuchVersion(name: string, version: number, current: number): MeshfleetError {
  return new MeshfleetError({
    code: 'NOT_FOUND',
    summary: `${name} has no version ${version}`,
    why: `its versions are 1 to ${current}`,
    fix: 'Take the number from Policy.versions.',
    where: { field: ['input', 'version'] },
  });
}
