import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  readonly registry: Registry;
  counter<L extends string>(name: string, help: string, labels?: readonly L[]): Counter<L>;
  gauge<L extends string>(name: string, help: string, labels?: readonly L[]): Gauge<L>;
  /** Of seconds; buckets from 1 ms to 10 s unless others are given. */
  histogram<L extends string>(name: string, help: string, labels?: readonly L[], buckets?: readonly number[]): Histogram<L>;
  /** What `GET /metrics` answers. */
  expose(): Promise<{ contentType: string; body: string }>;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/**
 * A registry of its own per process, with the runtime's figures (memory, event loop, garbage collection). A metric that
 * is asked for twice is the same one. Names start with `meshfleet_`; labels must never hold ids: each value is a series.
 */
export function createMetrics(process: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ process });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const known = <M>(name: string, make: () => M): M => (registry.getSingleMetric(name) as M | undefined) ?? make();
  return {
    registry,
    counter: <L extends string>(name: string, help: string, labels: readonly L[] = []) =>
      known(name, () => new Counter({ name, help, labelNames: [...labels], registers })),
    gauge: <L extends string>(name: string, help: string, labels: readonly L[] = []) =>
      known(name, () => new Gauge({ name, help, labelNames: [...labels], registers })),
    histogram: <L extends string>(name: string, help: string, labels: readonly L[] = [], buckets: readonly number[] = SECONDS) =>
      known(name, () => new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers })),
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}
