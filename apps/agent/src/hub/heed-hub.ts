import type { AgentEvent, DesiredEvent } from '@meshfleet/protocol';
import type { Log } from '../log.ts';
import type { AgentStatus } from '../probes/status.ts';
import { HubError } from './hub-connection.ts';

export interface HeedOptions {
  readonly status: AgentStatus;
  readonly log: Log;
  onDesired(event: DesiredEvent): void;
  onApproved(): void;
  onResyncInventory(): void;
  onTasks(): void;
  /** Once: nothing is delivered or corrected any longer. */
  onEvicted(): void;
  /** The hub takes another pair of keys than this one. */
  onKeysRefused(): void;
}

/** What the hub says about this cluster, by events and by refusals. */
export interface Heed {
  event(event: AgentEvent): void;
  error(error: unknown): void;
}

export function heedHub({ status, log, ...options }: HeedOptions): Heed {
  let gone = false;
  const evicted = () => {
    if (gone) return;
    gone = true;
    status.lifecycle = 'evicted';
    options.onEvicted();
    log.error({}, 'the hub evicted this cluster: objects stay as they are and are no longer corrected; give the agent a new join token and restart it');
  };
  return {
    event(event) {
      if (event.event === 'desired') {
        if (status.lifecycle === 'quarantined') status.lifecycle = 'enrolled';
        options.onDesired(event.data);
        return;
      }
      if (event.event === 'task') {
        options.onTasks();
        return;
      }
      switch (event.data.type) {
        case 'approved':
          status.lifecycle = 'enrolled';
          options.onApproved();
          break;
        case 'quarantined':
          status.lifecycle = 'quarantined';
          log.warn({}, 'the hub put this cluster into quarantine: nothing new is delivered, what is there stays and is defended');
          break;
        case 'resync-inventory':
          options.onResyncInventory();
          break;
        // To enrol anew takes a new join token, as after an eviction.
        case 'evicted':
        case 'reenroll':
          evicted();
          break;
      }
    },
    error(error) {
      if (!(error instanceof HubError)) return;
      if (error.code === 'CLUSTER_EVICTED') evicted();
      else if (error.code === 'CLUSTER_QUARANTINED') status.lifecycle = 'quarantined';
      else if (error.code === 'SIGNATURE_INVALID') options.onKeysRefused();
    },
  };
}
