import type { Delivery } from '../apply/delivery.ts';
import type { ClusterWatch } from '../observe/watch-cluster.ts';
import type { AgentStatus } from './status.ts';

interface Sample {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly value: number;
}

/** The agent's metrics in Prometheus' text format. A dozen numbers: no library is carried along for them. */
export function renderMetrics(status: AgentStatus, parts: { delivery: Delivery | undefined; watch: ClusterWatch | undefined; hubBytesSent: number }): string {
  const { delivery, watch } = parts;
  const samples: Sample[] = [
    gauge('acting', 'Whether this agent is the one that acts in its cluster.', status.role === 'acting' ? 1 : 0),
    gauge('hub_connected', 'Whether the hub can be heard.', status.hub === 'connected' ? 1 : 0),
    gauge('epoch', 'Epoch of the desired state that is held.', status.epoch),
    gauge('revision', 'Revision of the desired state that is held.', status.revision),
    gauge('watches', 'Open watches.', watch?.watches ?? 0),
    gauge('objects', 'Objects that are watched.', watch?.objects ?? 0),
    counter('refused_states_total', 'Desired states that were refused: unsigned, older, corrupt.', status.refusedStates),
    counter('reports_total', 'Reports that the hub took.', status.reportsSent),
    counter('objects_applied_total', 'Objects found or made as they should be.', delivery?.counts.applied ?? 0),
    counter('objects_failed_total', 'Attempts that failed.', delivery?.counts.failed ?? 0),
    counter('objects_corrected_total', 'Changes by others that were undone.', delivery?.counts.corrected ?? 0),
    counter('objects_deleted_total', 'Objects deleted by tombstone.', delivery?.counts.deleted ?? 0),
    counter('hub_sent_bytes_total', 'Bytes sent to the hub.', parts.hubBytesSent),
    gauge('resident_memory_bytes', 'Resident memory.', process.memoryUsage.rss()),
  ];
  return samples.map(({ name, help, type, value }) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${String(value)}\n`).join('');
}

const gauge = (name: string, help: string, value: number): Sample => ({ name: `meshfleet_agent_${name}`, help, type: 'gauge', value });
const counter = (name: string, help: string, value: number): Sample => ({ name: `meshfleet_agent_${name}`, help, type: 'counter', value });
