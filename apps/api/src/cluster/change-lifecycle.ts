import { MeshfleetError } from '@meshfleet/model';
import { announceChanged, announceControl, enqueue, lockCluster, setClusterLifecycle, type ClusterChange, type ClusterLifecycle, type LockedCluster, type Tx } from '@meshfleet/store';
import { z } from 'zod';
import { notFound, rowId } from '../graphql/global-id.ts';
import type { UseCase } from '../graphql/mutate.ts';

const input = z.object({ id: z.string() });

interface Step {
  readonly mutation: string;
  readonly action: string;
  readonly from: readonly ClusterLifecycle[];
  readonly to: ClusterLifecycle;
  /** What the reconciler is told; nothing when the desired state does not depend on it. */
  readonly reason?: ClusterChange;
  /** What processes that hold the agent's stream are told. */
  readonly control?: 'approved' | 'quarantined' | 'evicted';
}

/** A step in a cluster's life that a person takes. Taking it twice changes nothing and is no error. */
function lifecycleStep(step: Step): UseCase<typeof input, { clusterId: string }> {
  return {
    name: step.mutation,
    role: 'ADMIN',
    input,
    async run({ tx, actor }, { id }) {
      const cluster = await lockExisting(tx, id);
      if (cluster.lifecycle === step.to) return { answer: { clusterId: cluster.id } };
      if (!step.from.includes(cluster.lifecycle)) throw wrongState(cluster, step);
      setClusterLifecycle(tx, cluster.id, step.to);
      if (step.reason !== undefined) await enqueue(tx, 'cluster.changed', { clusterId: cluster.id, reason: step.reason, actor });
      if (step.control !== undefined) announceControl(tx, cluster.id, step.control);
      announceChanged(tx, { clusterIds: [cluster.id], policyIds: [] });
      return { answer: { clusterId: cluster.id }, audit: { action: step.action, target: cluster.id, details: { name: cluster.name, before: cluster.lifecycle } } };
    },
  };
}

/** Lets in a cluster that enrolled with a token which asks for approval. */
export const approveCluster = lifecycleStep({
  mutation: 'clusterApprove',
  action: 'cluster.approve',
  from: ['PENDING_APPROVAL'],
  to: 'ACTIVE',
  reason: 'APPROVED',
  control: 'approved',
});

/** Cuts a cluster off: nothing is delivered and no report is taken, until it is released. */
export const quarantineCluster = lifecycleStep({
  mutation: 'clusterQuarantine',
  action: 'cluster.quarantine',
  from: ['ACTIVE'],
  to: 'QUARANTINED',
  control: 'quarantined',
});

export const releaseCluster = lifecycleStep({
  mutation: 'clusterRelease',
  action: 'cluster.release',
  from: ['QUARANTINED'],
  to: 'ACTIVE',
  reason: 'RELEASED',
});

/** Removes a cluster for good; its keys are no longer accepted, and what it holds stays in it. */
export const evictCluster = lifecycleStep({
  mutation: 'clusterEvict',
  action: 'cluster.evict',
  from: ['PENDING_APPROVAL', 'ACTIVE', 'QUARANTINED'],
  to: 'EVICTED',
  reason: 'EVICTED',
  control: 'evicted',
});

export async function lockExisting(tx: Tx, globalId: string): Promise<LockedCluster> {
  const cluster = await lockCluster(tx, rowId('Cluster', globalId));
  if (cluster === undefined) throw notFound('Cluster');
  return cluster;
}

function wrongState(cluster: LockedCluster, step: Step): MeshfleetError {
  return new MeshfleetError({
    code: 'PRECONDITION_FAILED',
    summary: `The cluster ${cluster.name} cannot go from ${cluster.lifecycle} to ${step.to}`,
    why: `${step.mutation} is for clusters that are ${step.from.join(' or ')}`,
    fix: cluster.lifecycle === 'EVICTED' ? 'Enrol it again with a new join token.' : 'Look at the cluster’s status first.',
    where: { field: ['input', 'id'] },
  });
}
