import type { OutboxRow } from '@meshfleet/store';
import { z } from 'zod';
import type { ClusterChanges } from '../events/apply-cluster-changes.ts';
import type { PolicyChanges } from '../events/apply-policy-changes.ts';
import type { RolloutChanges } from '../rollout/run-rollout.ts';

/** A job of one of the reconciler's queues. */
export type ReconcilerJob =
  | { readonly queue: 'policy'; readonly jobId: string; readonly data: PolicyChanges }
  | { readonly queue: 'cluster'; readonly jobId: string; readonly data: ClusterChanges }
  | { readonly queue: 'rollout'; readonly jobId: string; readonly data: RolloutChanges }
  | { readonly queue: 'maintenance'; readonly jobId: string; readonly data: MaintenanceTask };

export type MaintenanceTask =
  | { readonly task: 'RESUMED'; readonly organizationId: string }
  | { readonly task: 'EXPIRE'; readonly organizationId: string }
  | { readonly task: 'SWEEP' }
  | { readonly task: 'FORGET' };

const policyChanged = z.object({ policyId: z.uuid(), actor: z.string() });
const clusterChanged = z.object({
  clusterId: z.uuid(),
  reason: z.enum(['ENROLLED', 'APPROVED', 'LABELS', 'RELEASED', 'EVICTED', 'DELETIONS_APPROVED', 'THAWED']),
  actor: z.string(),
});

const rolloutChanged = z.object({ rolloutId: z.uuid() });

export interface Translation {
  readonly jobs: readonly ReconcilerJob[];
  /** Rows that say nothing this version knows: the sweep finds what they were about. */
  readonly unreadable: readonly OutboxRow[];
}

/**
 * Turns outbox rows into jobs: one for all changes of a kind in an organization, never one per cluster. A thousand
 * clusters that enrol at once are one job. The id is that of the last row, so that rows which are claimed again after a
 * crash make the same job again.
 */
export function toJobs(rows: readonly OutboxRow[]): Translation {
  const jobs: ReconcilerJob[] = [];
  const unreadable: OutboxRow[] = [];
  for (const group of Map.groupBy(rows, (row) => `${row.organizationId} ${row.topic}`).values()) {
    const [first] = group;
    if (first === undefined) continue;
    const { organizationId, topic } = first;
    const jobId = `outbox-${group.at(-1)?.id}`;
    switch (topic) {
      case 'policy.changed': {
        const changes = readAll(group, policyChanged, unreadable);
        // The last one counts: what is done reads the policy as it is then.
        const latest = [...new Map(changes.map((change) => [change.policyId, change])).values()];
        if (latest.length > 0) jobs.push({ queue: 'policy', jobId, data: { organizationId, changes: latest } });
        break;
      }
      case 'cluster.changed': {
        const changes = readAll(group, clusterChanged, unreadable);
        if (changes.length > 0) jobs.push({ queue: 'cluster', jobId, data: { organizationId, changes } });
        break;
      }
      case 'rollout.changed': {
        const rolloutIds = [...new Set(readAll(group, rolloutChanged, unreadable).map(({ rolloutId }) => rolloutId))];
        if (rolloutIds.length > 0) jobs.push({ queue: 'rollout', jobId, data: { organizationId, rolloutIds } });
        break;
      }
      case 'organization.resumed':
        jobs.push({ queue: 'maintenance', jobId, data: { task: 'RESUMED', organizationId } });
        break;
      default:
        topic satisfies never;
        unreadable.push(...group);
    }
  }
  return { jobs, unreadable };
}

function readAll<T>(rows: readonly OutboxRow[], schema: z.ZodType<T>, unreadable: OutboxRow[]): T[] {
  return rows.flatMap((row) => {
    const parsed = schema.safeParse(row.payload);
    if (parsed.success) return [parsed.data];
    unreadable.push(row);
    return [];
  });
}
