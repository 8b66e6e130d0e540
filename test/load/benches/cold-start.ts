import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../harness/bench.ts';
import { openHub } from '../harness/open-hub.ts';
import { residentMiB } from '../harness/process-stats.ts';
import { figure, type Figure } from '../harness/statistics.ts';

const RUNS = 7;

export const p14: Bench = {
  id: 'P14',
  title: 'API from process start to first answer; memory',
  setup: `kill -9 of the API, started again by the supervisor 100 ms later (subtracted), first GraphQL answer of a signed-in person; memory after 100 queries; ${RUNS} runs`,
  async run(context): Promise<readonly Figure[]> {
    const open = await openHub(context.root);
    try {
      const starts: number[] = [];
      const memory: number[] = [];
      for (let run = 0; run < RUNS; run += 1) {
        const api = open.hub.supervisor.process('api');
        const before = api?.pid();
        api?.kill('SIGKILL');
        while (api?.pid() === before) await sleep(1);
        const from = performance.now();
        while (!(await answers(open))) await sleep(5);
        starts.push(performance.now() - from);
        for (let query = 0; query < 100; query += 1) await answers(open);
        memory.push(residentMiB(api?.pid() ?? 0));
        context.say(`first answer after ${starts.at(-1)?.toFixed(0)} ms, ${memory.at(-1)?.toFixed(0)} MiB`);
        await sleep(2_500);
      }
      return [figure('first answer', 'ms', starts, 2_000), figure('memory', 'MiB', memory, 256)];
    } finally {
      await open.close();
    }
  },
};

async function answers(open: Awaited<ReturnType<typeof openHub>>): Promise<boolean> {
  try {
    await open.client.request('{ organization { name } }');
    return true;
  } catch {
    return false;
  }
}
