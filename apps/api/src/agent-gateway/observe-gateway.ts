import type { Report } from '@meshfleet/protocol';
import type { Metrics } from '@meshfleet/telemetry';
import type { Listener } from './listener.ts';
import type { Listeners } from './listeners.ts';

const BATCH_SIZES = [1, 2, 5, 10, 25, 50, 100, 250, 500];
const ACKNOWLEDGEMENT_SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export interface GatewayObserver {
  /** A state was announced on a connection, because it is new. */
  told(listener: Listener, epoch: number, revision: number): void;
  /** These reports were committed in one transaction. */
  committed(organizationId: string, reports: readonly { readonly clusterId: string; readonly report: Report }[]): void;
}

interface Announcement {
  readonly epoch: number;
  readonly revision: number;
  readonly at: number;
}

/**
 * The gateway's figures. No label holds an id. How long an acknowledgement takes is known where the state was announced:
 * on streams of this process, whichever stays open; reconnects and polls are left out.
 * @param clock milliseconds since 1970
 */
export function observeGateway(metrics: Metrics, listeners: Listeners, clock: () => number): GatewayObserver {
  const open = metrics.gauge('meshfleet_agent_listeners', 'Open event streams and waiting polls of agents');
  Object.assign(open, {
    collect() {
      open.set(listeners.size);
    },
  });
  const batches = metrics.histogram('meshfleet_agent_report_batch_size', 'Reports written in one transaction', [], BATCH_SIZES);
  const latency = metrics.histogram(
    'meshfleet_agent_acknowledgement_seconds',
    'From the announcement of a new desired state on a stream to the commit of its acknowledgement',
    [],
    ACKNOWLEDGEMENT_SECONDS,
  );
  const announced = new WeakMap<Listener, Announcement>();

  return {
    told(listener, epoch, revision) {
      announced.set(listener, { epoch, revision, at: clock() });
    },
    committed(organizationId, reports) {
      batches.observe(reports.length);
      for (const { clusterId, report } of reports) {
        if (report.digest === undefined) continue;
        for (const listener of listeners.of(organizationId, clusterId)) {
          const news = announced.get(listener);
          if (news === undefined || news.epoch !== report.epoch || news.revision > report.revision) continue;
          announced.delete(listener);
          latency.observe(Math.max(0, clock() - news.at) / 1000);
        }
      }
    },
  };
}
