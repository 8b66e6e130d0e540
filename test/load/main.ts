// `npm run bench` measures the yardsticks; `npm run bench -- P1 P5` only those.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { p11 } from './benches/analysis.ts';
import { p5, p6 } from './benches/api-load.ts';
import { p14 } from './benches/cold-start.ts';
import { p10 } from './benches/cost-follows-change.ts';
import { p10p } from './benches/many-policies.ts';
import { p1, p2 } from './benches/propagation.ts';
import { p1r } from './benches/real-propagation.ts';
import { p9 } from './benches/reconnect.ts';
import { p7p8 } from './benches/agent-footprint.ts';
import { p10w } from './benches/warnings-of-intent.ts';
import type { Bench } from './harness/bench.ts';
import { isReached, type Figure } from './harness/statistics.ts';

const root = join(import.meta.dirname, '..', '..');
const results = join(root, 'bench', 'results');
const benches: readonly Bench[] = [p14, p5, p6, p1, p1r, p2, p10, p10p, p10w, p7p8, p9, p11];
const asked = process.argv.slice(2).map((id) => id.toUpperCase());
const chosen = asked.length === 0 ? benches : benches.filter(({ id }) => id.toUpperCase().split('+').some((part) => asked.includes(part)));
if (chosen.length === 0) {
  console.error(`There is no such bench. Known: ${benches.map(({ id }) => id).join(', ')}`);
  process.exit(2);
}

const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${(totalmem() / 1024 ** 3).toFixed(0)} GiB, Node ${process.version}`;
mkdirSync(results, { recursive: true });
const rows: string[] = [];
let failed = 0;
for (const bench of chosen) {
  console.log(`\n${bench.id}: ${bench.title}`);
  try {
    const figures = await bench.run({ root, say: (line) => { console.log(`  ${line}`); } });
    writeFileSync(
      join(results, `${bench.id}.json`),
      `${JSON.stringify({ id: bench.id, title: bench.title, setup: bench.setup, machine, at: new Date().toISOString(), figures }, null, 2)}\n`,
    );
    rows.push(...figures.map((it) => row(bench.id, it)));
  } catch (error) {
    failed += 1;
    console.error(error);
    rows.push(`| ${bench.id} | failed | | | |`);
  }
}
console.log(`\n${machine}\n\n| | figure | median | range | reach |\n|---|---|---|---|---|\n${rows.join('\n')}`);
process.exitCode = failed === 0 ? 0 : 1;

function row(id: string, it: Figure): string {
  const show = (value: number): string => `${Number(value.toPrecision(4))} ${it.unit}`.trim();
  const reached = isReached(it);
  const reach = it.reach === undefined ? '' : `${it.atLeast === true ? '≥' : '≤'} ${show(it.reach)} ${reached === true ? '✓' : '✗'}`;
  return `| ${id} | ${it.name} | ${show(it.value)} | ${show(it.range[0])} to ${show(it.range[1])} (${it.runs}) | ${reach} |`;
}
