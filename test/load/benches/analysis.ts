import { analysisInputOf, analyze, startAnalysis } from '@meshfleet/istio/analysis';
import { performance } from 'node:perf_hooks';
import type { Bench } from '../harness/bench.ts';
import { meshOf, serviceOf } from '../harness/mesh-inventory.ts';
import { figure, type Figure } from '../harness/statistics.ts';

const RUNS = 7;
const CHANGES = 60;
const FACTS = { now: Date.parse('2026-11-25T12:00:00Z'), meshConfig: {} };

export const p11: Bench = {
  id: 'P11',
  title: 'Analysis of one cluster: all of it, and one object changed among 10,000',
  setup: `every rule, on inventory rows of a mesh (a quarter services, a quarter workloads, the rest mesh configuration; a few findings in a hundred objects), indexing included, rows parsed before; one thread, its CPU time and that of the collector's; median of ${RUNS} runs after one to warm up; ${CHANGES} changes a run`,
  run: (context) => Promise.resolve([10_000, 100_000].flatMap((size) => measure(size, context.say))),
};

function measure(size: number, say: (line: string) => void): readonly Figure[] {
  const rows = meshOf(size);
  const rates: number[] = [];
  const routes: number[] = [];
  const services: number[] = [];
  const counts: number[] = [];
  for (let run = -1; run < (size > 10_000 ? 3 : RUNS); run += 1) {
    const started = performance.now();
    const cpu = process.cpuUsage();
    const findings = analyze(analysisInputOf(rows, FACTS));
    const { user, system } = process.cpuUsage(cpu);
    const wall = performance.now() - started;
    const rate = rows.length / ((user + system) / 1e6);
    const running = startAnalysis(analysisInputOf(rows, FACTS));
    const judged = running.judged;
    const route = medianOf((i) => running.change({ upsert: [{ object: serviceOf(i, 'VirtualService') }] }));
    const service = medianOf((i) => running.change({ upsert: [{ object: serviceOf(i, 'Service') }] }));
    if (run < 0) continue;
    rates.push(rate);
    routes.push(route);
    services.push(service);
    counts.push((running.judged - judged) / (2 * CHANGES));
    say(`${rows.length} resources, ${findings.length} findings: ${Math.round(rate)} resources per second of a core, in ${Math.round(wall)} ms; a changed route ${route.toFixed(2)} ms, a changed service ${service.toFixed(2)} ms`);
  }
  const thousands = `${size / 1_000},000`;
  return [
    figure(`resources per second of a core, ${thousands}`, '/s', rates, 20_000, true),
    figure(`one VirtualService changed among ${thousands}`, 'ms', routes, 10),
    figure(`one Service changed among ${thousands}`, 'ms', services, 10),
    figure(`objects judged again for one change among ${thousands}`, '', counts),
  ];
}

function medianOf(change: (i: number) => void): number {
  const times = Array.from({ length: CHANGES }, (_, i) => {
    const started = performance.now();
    change(i);
    return performance.now() - started;
  });
  return times.sort((a, b) => a - b)[CHANGES / 2] ?? Number.NaN;
}
