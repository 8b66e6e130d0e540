import { describe, expect, it } from 'vitest';
import { createMetrics } from './index.ts';

describe('metrics', () => {
  it('exposes counters, gauges and histograms with the name of the process', async () => {
    const metrics = createMetrics('api');
    metrics.counter('meshfleet_reports_total', 'Reports taken', ['outcome']).inc({ outcome: 'applied' }, 3);
    metrics.gauge('meshfleet_streams', 'Open streams').set(7);
    metrics.histogram('meshfleet_report_seconds', 'Time to take a report').observe(0.02);
    const { contentType, body } = await metrics.expose();
    expect(contentType).toContain('text/plain');
    expect(body).toContain('meshfleet_reports_total{outcome="applied",process="api"} 3');
    expect(body).toContain('meshfleet_streams{process="api"} 7');
    expect(body).toContain('meshfleet_report_seconds_bucket{le="0.025",process="api"} 1');
    expect(body).toContain('nodejs_eventloop_lag_seconds');
  });

  it('gives the same metric to everybody who asks for its name, and shares nothing between registries', async () => {
    const [one, two] = [createMetrics('a'), createMetrics('b')];
    one.counter('meshfleet_x_total', 'x').inc();
    one.counter('meshfleet_x_total', 'x').inc();
    expect((await one.expose()).body).toContain('meshfleet_x_total{process="a"} 2');
    expect((await two.expose()).body).not.toContain('meshfleet_x_total');
  });
});
