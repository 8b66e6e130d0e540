import { Client } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../harness/bench.ts';
import { openHub, startAgents } from '../harness/open-hub.ts';
import { applyPolicy, timeoutPolicy } from '../harness/policy.ts';
import { figure, type Figure } from '../harness/statistics.ts';

const AGENTS = 10_000;
const RUNS = 3;

export const p9: Bench = {
  id: 'P9',
  title: `Hub restarted, nothing changed, ${AGENTS} agents back in sync`,
  setup: `${AGENTS} agents at protocol level with one policy applied; kill -9 of the API; until every stream is open again; ${RUNS} runs (each takes minutes)`,
  async run(context): Promise<readonly Figure[]> {
    const open = await openHub(context.root);
    const acknowledged = new Set<number>();
    context.say(`enrolling ${AGENTS} agents`);
    const fleet = await startAgents(open, AGENTS, (agent) => acknowledged.add(agent));
    const admin = new Client({ connectionString: open.hub.databaseUrl });
    await admin.connect();
    try {
      await applyPolicy(open.client, timeoutPolicy('reviews', 1, 'env=bench'));
      while (acknowledged.size < AGENTS) await sleep(200);
      context.say('the policy is applied everywhere');
      const seconds: number[] = [];
      const writes: number[] = [];
      const resent: number[] = [];
      for (let run = 0; run < RUNS; run += 1) {
        const statesBefore = await countStates(admin);
        const manifestsBefore = fleet.counters.manifests;
        const streamsBefore = fleet.counters.streams;
        const from = performance.now();
        open.hub.supervisor.process('api')?.kill('SIGKILL');
        while (fleet.counters.streams < streamsBefore + AGENTS || !fleet.agents.every((agent) => agent.connected())) await sleep(50);
        seconds.push((performance.now() - from) / 1000);
        await sleep(3_000);
        writes.push((await countStates(admin)) - statesBefore);
        resent.push(fleet.counters.manifests - manifestsBefore);
        context.say(`back after ${seconds.at(-1)?.toFixed(1)} s; ${writes.at(-1)} states written, ${resent.at(-1)} manifests resent`);
      }
      return [
        figure('all streams open again', 's', seconds, 60),
        figure('desired states written', '', writes, 0),
        figure('manifests resent', '', resent, 0),
      ];
    } finally {
      fleet.close();
      await admin.end();
      await open.close();
    }
  },
};

async function countStates(admin: Client): Promise<number> {
  const { rows } = await admin.query<{ count: string }>('select count(*) from desired_state');
  return Number(rows[0]?.count);
}
