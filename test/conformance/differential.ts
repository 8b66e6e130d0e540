import { startRealCluster } from '@meshfleet/cluster-real';
import { startSimulatedCluster } from '@meshfleet/cluster-sim';
import { parseArgs } from 'node:util';
import { createClient } from './client.ts';
import { runSequence, type Difference, type Server } from './differential/run-sequence.ts';
import { sequenceOf } from './differential/sequence.ts';
import { WIDGET_DEFINITION } from './objects.ts';

/**
 * Sends the same random writes to a real API server and to the simulated one, and tells where their answers differ:
 * `node test/conformance/differential.ts --runs 200 [--seed 1] [--only SEED] [--verbose]`
 */
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' }, only: { type: 'string' }, verbose: { type: 'boolean', default: false } },
});
const LANES = 8;
const crds = [WIDGET_DEFINITION];
const [real, simulated] = await Promise.all([startRealCluster({ name: 'differential', crds }), startSimulatedCluster({ name: 'differential', crds, cloud: false })]);
const servers: Server[] = [];
try {
  for (const cluster of [real, simulated]) {
    const client = createClient(cluster);
    servers.push({ client, namespace: await client.namespace() });
  }
  const [left, right] = servers;
  if (left === undefined || right === undefined) throw new Error('two servers were started');
  const first = Number(values.only ?? values.seed);
  const seeds = Array.from({ length: values.only === undefined ? Number(values.runs) : 1 }, (_, index) => first + index);
  const differences: Difference[] = [];
  // Sequences have nothing to do with each other: side by side, most of the time is no longer waiting.
  const waiting = [...seeds].values();
  const lane = async (): Promise<void> => {
    for (const seed of waiting) {
      const difference = await runSequence(sequenceOf(seed), left, right);
      if (difference === undefined) continue;
      differences.push(difference);
      console.log(`seed ${seed}: ${difference.what.slice(0, 200)}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  report(differences, values.verbose || values.only !== undefined);
  console.log(`${seeds.length - differences.length} passed, ${differences.length} failed`);
  process.exitCode = differences.length === 0 ? 0 : 1;
} finally {
  for (const { client } of servers) client.close();
  await Promise.all([real.stop(), simulated.stop()]);
}

/** One example of each sort of difference, the commonest first. */
function report(differences: readonly Difference[], verbose: boolean): void {
  const sortOf = ({ kind, step, what }: Difference): string => `${kind} ${step.verb}${'type' in step ? ` ${step.type}` : ''} ${what.replace(/\d+/g, 'N').slice(0, 120)}`;
  const sorts = [...Map.groupBy(differences, sortOf).values()].sort((a, b) => b.length - a.length);
  for (const [example, ...more] of sorts) {
    if (example === undefined) continue;
    console.log(`\n${more.length + 1} × ${example.kind} ${example.step.verb} (seed ${example.seed}, step ${example.index}): real ≠ simulated\n  ${example.what.slice(0, 1_000)}`);
    console.log(`  ${JSON.stringify(example.step).slice(0, 1_200)}`);
    if (verbose) console.log(JSON.stringify(example.answers, null, 1));
  }
}
