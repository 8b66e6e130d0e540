import { approveDeletions, enqueue } from '@meshfleet/store';
import { z } from 'zod';
import type { UseCase } from '../graphql/mutate.ts';
import { lockExisting } from './change-lifecycle.ts';

const input = z.object({
  id: z.string(),
  count: z.int().min(0, 'The number of deletions must not be negative').max(100_000, 'At most 100,000 deletions can be approved at once'),
});

/** Lets a cluster's agent delete so many objects at once, beyond its guard. */
export const approveClusterDeletions: UseCase<typeof input, { clusterId: string }> = {
  name: 'clusterApproveDeletions',
  role: 'OPERATOR',
  input,
  async run({ tx, actor }, { id, count }) {
    const cluster = await lockExisting(tx, id);
    approveDeletions(tx, cluster.id, count);
    await enqueue(tx, 'cluster.changed', { clusterId: cluster.id, reason: 'DELETIONS_APPROVED', actor });
    return { answer: { clusterId: cluster.id }, audit: { action: 'cluster.approve-deletions', target: cluster.id, details: { name: cluster.name, count } } };
  },
};
