import { assertNever, type ErrorEnvelope } from '@meshfleet/model';
import type { TaskTarget } from '@meshfleet/store';

/** Why a cluster's agent would not answer; undefined when it would. */
export function whyNotAsked(target: TaskTarget | undefined): ErrorEnvelope | undefined {
  if (target === undefined) return { code: 'NOT_FOUND', summary: 'There is no such cluster', why: 'it does not exist, or belongs to another organization', fix: 'Take the id from the list of clusters.' };
  const { name, lastSeenAt, features } = target;
  switch (target.lifecycle) {
    case 'PENDING_APPROVAL':
      return { code: 'APPROVAL_PENDING', summary: `The cluster ${name} waits for approval`, why: 'until somebody approves it, its agent is told and asked nothing', fix: 'Approve the cluster, and ask again.' };
    case 'QUARANTINED':
      return { code: 'CLUSTER_QUARANTINED', summary: `The cluster ${name} is quarantined`, why: 'its agent is told and asked nothing meanwhile', fix: 'Release it when it is safe to, and ask again.' };
    case 'EVICTED':
      return { code: 'CLUSTER_EVICTED', summary: `The cluster ${name} was evicted`, why: 'the keys of its agent count no more', fix: 'Enrol it again with a new join token.' };
    case 'ACTIVE':
      break;
    default:
      return assertNever(target.lifecycle);
  }
  if (target.offline) {
    const why = lastSeenAt === null ? 'its agent has never been heard of since it enrolled' : `its agent was heard of last at ${lastSeenAt.toISOString()}`;
    return { code: 'CLUSTER_OFFLINE', summary: `The cluster ${name} is offline`, why, fix: 'Look at the agent in the cluster; what the hub itself knows is shown all the same.' };
  }
  if (features === null) return { code: 'PRECONDITION_FAILED', summary: `The agent of ${name} has yet to report for the first time`, why: 'before, nobody knows what it can be asked', fix: 'Ask again in a few seconds.' };
  if (!features.includes('TASKS')) return { code: 'AGENT_OUTDATED', summary: `The agent of ${name} is too old to be asked`, why: 'it applies and reports, and knows no questions', fix: 'Install the agent that belongs to this hub.' };
  return undefined;
}
