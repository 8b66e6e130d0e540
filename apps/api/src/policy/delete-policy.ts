import { MeshfleetError } from '@meshfleet/model';
import { placementSchema } from '@meshfleet/planner';
import { announceChanged, approveDeletionsOfPolicy, findPolicyVersions, lockPolicyById, lockPolicyByName, markPolicyDeleted, type LockedPolicy, type Tx } from '@meshfleet/store';
import { z } from 'zod';
import { rowId } from '../graphql/global-id.ts';
import type { UseCase } from '../graphql/mutate.ts';
import { admitChange, beginStaged, type StagedChange } from '../rollout/stage-change.ts';
import { stageInput, type StageInput } from '../rollout/stage-input.ts';

const input = z
  .object({
    id: z.string().optional(),
    name: z.string().optional(),
    approveDeletions: z
      .int()
      .min(0, 'The number of deletions must not be negative')
      .max(100_000, 'At most 100,000 deletions can be approved at once')
      .optional(),
    ...stageInput,
  })
  .refine(({ id, name }) => (id === undefined) !== (name === undefined), { error: 'Say which policy: either by id or by name', path: ['id'] });

/** Withdraws a policy from every cluster and removes it. Its versions stay readable by id. */
export const deletePolicy: UseCase<typeof input, { policyId: string; rolloutId?: string }> = {
  name: 'policyDelete',
  role: 'OPERATOR',
  input,
  async run(change, { id, name, approveDeletions, ...stage }) {
    const { tx, now } = change;
    const policy = id === undefined ? await lockPolicyByName(tx, name ?? '') : await lockPolicyById(tx, rowId('Policy', id));
    if (policy === undefined) throw noSuchPolicy(id === undefined ? 'name' : 'id');
    const withdrawal = await withdrawalOf(tx, policy, stage);
    await admitChange(change, withdrawal);
    if (stage.rollout === undefined) markPolicyDeleted(tx, policy.id, now);
    if (approveDeletions !== undefined && approveDeletions > 0) approveDeletionsOfPolicy(tx, policy.id, approveDeletions);
    const rolloutId = await beginStaged(change, policy.id, withdrawal);
    announceChanged(tx, { clusterIds: [], policyIds: [policy.id] });
    const details = { name: policy.name, version: policy.currentVersion, approveDeletions: approveDeletions ?? 0, staged: stage.rollout !== undefined };
    return { answer: { policyId: policy.id, ...(rolloutId === undefined ? {} : { rolloutId }) }, audit: { action: 'policy.delete', target: policy.id, details } };
  },
};

/** What a withdrawal touches: the objects of the stable version, where that one is placed. */
async function withdrawalOf(tx: Tx, policy: LockedPolicy, stage: StageInput): Promise<StagedChange> {
  const [stable] = policy.stableVersion === 0 ? [] : await findPolicyVersions(tx, [{ policyId: policy.id, version: policy.stableVersion }]);
  return { ...stage, policy, policyName: policy.name, version: null, objectKeys: (stable?.objects ?? []).map(({ key }) => key), placement: stable === undefined ? null : placementSchema.parse(stable.placement) };
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
