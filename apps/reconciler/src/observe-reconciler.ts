import type { OutboxRow } from '@meshfleet/store';
import type { Metrics } from '@meshfleet/telemetry';
import { inSpan } from '@meshfleet/telemetry';
import type { CompilationCounts } from './compile/compile-clusters.ts';
import type { SweepCounts } from './sweep/sweep-organization.ts';

export interface ReconcilerObserver {
  handed(rows: readonly OutboxRow[], now: Date): void;
  compiled(counts: CompilationCounts): void;
  swept(counts: SweepCounts): void;
  rolloutEnded(status: string): void;
  /** Runs a job and counts its time and outcome. */
  job(queue: string, work: () => Promise<void>): Promise<void>;
}

/** The reconciler's figures. No label holds an id. */
export function observeReconciler(metrics: Metrics): ReconcilerObserver {
  const rows = metrics.counter('meshfleet_outbox_rows_total', 'Outbox rows handed to a queue', ['topic']);
  const lag = metrics.histogram('meshfleet_outbox_lag_seconds', 'From the commit of a change to its job');
  const clusters = metrics.counter('meshfleet_clusters_compiled_total', 'Clusters whose desired state was composed');
  const revisions = metrics.counter('meshfleet_revisions_total', 'New revisions of desired states');
  const missed = metrics.counter('meshfleet_sweep_found_total', 'Changes that no event had carried', ['what']);
  const rollouts = metrics.counter('meshfleet_rollouts_ended_total', 'Rollouts that have ended, by how', ['status']);
  const seconds = metrics.histogram('meshfleet_job_seconds', 'Time of one run of a job', ['queue', 'outcome']);
  return {
    handed(list, now) {
      for (const row of list) {
        rows.inc({ topic: row.topic });
        lag.observe(Math.max(0, (now.getTime() - row.createdAt.getTime()) / 1000));
      }
    },
    compiled({ compiled, revised }) {
      clusters.inc(compiled);
      revisions.inc(revised);
    },
    swept({ policies, clusters: found, revised }) {
      missed.inc({ what: 'policy' }, policies);
      missed.inc({ what: 'cluster' }, found);
      revisions.inc(revised);
    },
    rolloutEnded(status) {
      rollouts.inc({ status });
    },
    async job(queue, work) {
      const stop = seconds.startTimer({ queue });
      try {
        await inSpan(`job ${queue}`, {}, work);
        stop({ outcome: 'done' });
      } catch (error) {
        stop({ outcome: 'failed' });
        throw error;
      }
    },
  };
}
