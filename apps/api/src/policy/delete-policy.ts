import { MeshfleetError } from '@meshfleet/model';
import { announceChanged, approveDeletionsOfPolicy, enqueue, lockPolicyById, lockPolicyByName, markPolicyDeleted } from '@meshfleet/store';
import { z } from 'zod';
import { rowId } from '../graphql/global-id.ts';
import type { UseCase } from '../graphql/mutate.ts';

const input = z
  .object({
    id: z.string().optional(),
    name: z.string().optional(),
    approveDeletions: z
      .int()
      .min(0, 'The number of deletions must not be negative')
      .max(100_000, 'At most 100,000 deletions can be approved at once')
      .optional(),
  })
  .refine(({ id, name }) => (id === undefined) !== (name === undefined), { error: 'Say which policy: either by id or by name', path: ['id'] });

/** Withdraws a policy from every cluster and removes it. Its versions stay readable by id. */
export const deletePolicy: UseCase<typeof input, { policyId: string }> = {
  name: 'policyDelete',
  role: 'OPERATOR',
  input,
  async run({ tx, actor, now }, { id, name, approveDeletions }) {
    const policy = id === undefined ? await lockPolicyByName(tx, name ?? '') : await lockPolicyById(tx, rowId('Policy', id));
    if (policy === undefined) {
      throw new MeshfleetError({
        code: 'NOT_FOUND',
        summary: 'There is no such policy',
        why: 'it does not exist, was deleted already, or belongs to another organization',
        fix: 'List the policies of the organization, and check the spelling.',
        where: { field: ['input', id === undefined ? 'name' : 'id'] },
      });
    }
    markPolicyDeleted(tx, policy.id, now);
    if (approveDeletions !== undefined && approveDeletions > 0) approveDeletionsOfPolicy(tx, policy.id, approveDeletions);
    await enqueue(tx, 'policy.changed', { policyId: policy.id, version: null, actor });
    announceChanged(tx, { clusterIds: [], policyIds: [policy.id] });
    const details = { name: policy.name, version: policy.currentVersion, approveDeletions: approveDeletions ?? 0 };
    return { answer: { policyId: policy.id }, audit: { action: 'policy.delete', target: policy.id, details } };
  },
};
