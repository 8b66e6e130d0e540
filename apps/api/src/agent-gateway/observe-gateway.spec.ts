import type { Report } from '@meshfleet/protocol';
import { createMetrics } from '@meshfleet/telemetry';
import { describe, expect, it } from 'vitest';
import type { Listener } from './listener.ts';
import { Listeners } from './listeners.ts';
import { observeGateway } from './observe-gateway.ts';

function observed() {
  const clock = { now: 1_000 };
  const metrics = createMetrics('test');
  const listeners = new Listeners();
  const observer = observeGateway(metrics, listeners, () => clock.now);
  const listener: Listener = { organizationId: 'o', clusterId: 'c', kid: 'k', cursor: '0.0', pending: false, unansweredSince: null, send: () => undefined, ping: () => undefined, end: () => undefined };
  listeners.add(listener);
  const figure = async (name: string): Promise<number> => Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec((await metrics.expose()).body)?.[1]);
  return { clock, listeners, observer, listener, figure };
}

const report = (revision: number, digest: string | null = 'd', epoch = 1): Report => ({
  seq: revision,
  epoch,
  revision,
  ...(digest === null ? {} : { digest }),
  conditions: { full: false, items: [] },
});

describe("the gateway's figures", () => {
  it('count who listens, now', async () => {
    const { listeners, listener, figure } = observed();
    expect(await figure('meshfleet_agent_listeners')).toBe(1);
    listeners.remove(listener);
    expect(await figure('meshfleet_agent_listeners')).toBe(0);
  });

  it('tell how many reports share a transaction', async () => {
    const { observer, figure } = observed();
    observer.committed('o', [{ clusterId: 'a', report: report(1) }, { clusterId: 'b', report: report(1) }]);
    observer.committed('o', [{ clusterId: 'a', report: report(2) }]);
    expect(await figure('meshfleet_agent_report_batch_size_count')).toBe(2);
    expect(await figure('meshfleet_agent_report_batch_size_sum')).toBe(3);
  });

  it('measure from the announcement to the acknowledgement, once', async () => {
    const { clock, observer, listener, figure } = observed();
    observer.told(listener, 1, 7);
    clock.now += 250;
    observer.committed('o', [{ clusterId: 'c', report: report(7) }]);
    observer.committed('o', [{ clusterId: 'c', report: report(8) }]);
    expect(await figure('meshfleet_agent_acknowledgement_seconds_count')).toBe(1);
    expect(await figure('meshfleet_agent_acknowledgement_seconds_sum')).toBe(0.25);
  });

  it('take no report for an acknowledgement that is none: another revision, epoch, cluster, or no digest', async () => {
    const { observer, listener, figure } = observed();
    observer.told(listener, 1, 7);
    observer.committed('o', [{ clusterId: 'c', report: report(6) }, { clusterId: 'd', report: report(7) }]);
    observer.committed('o', [{ clusterId: 'c', report: report(7, 'd', 2) }]);
    observer.committed('o', [{ clusterId: 'c', report: report(7, null) }]);
    observer.committed('p', [{ clusterId: 'c', report: report(7) }]);
    expect(await figure('meshfleet_agent_acknowledgement_seconds_count')).toBe(0);
  });
});
