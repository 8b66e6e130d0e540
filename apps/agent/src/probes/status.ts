/** What the agent is doing, for probes, metrics and logs. */
export interface AgentStatus {
  role: 'starting' | 'standby' | 'acting';
  lifecycle: 'new' | 'enrolled' | 'quarantined' | 'evicted';
  hub: 'unknown' | 'connected' | 'disconnected';
  by: 'stream' | 'poll';
  epoch: number;
  revision: number;
  refusedStates: number;
  reportsSent: number;
  leaseLost: number;
}

export const newStatus = (): AgentStatus => ({ role: 'starting', lifecycle: 'new', hub: 'unknown', by: 'stream', epoch: 0, revision: 0, refusedStates: 0, reportsSent: 0, leaseLost: 0 });

/**
 * Ready: it does what it is there for. A hub that is away makes no agent unready, since restarting the pod would not bring the hub back;
 * a standby is ready to take over. An agent that was evicted is not ready: somebody has to do something.
 */
export function isReady(status: AgentStatus): boolean {
  if (status.lifecycle === 'evicted') return false;
  return status.role === 'standby' || (status.role === 'acting' && (status.lifecycle === 'enrolled' || status.lifecycle === 'quarantined'));
}
