import type { Bench, BenchContext } from '../harness/bench.ts';
import { openHub, startAgents } from '../harness/open-hub.ts';
import { applyPolicy, timeoutPolicy } from '../harness/policy.ts';
import { figure, percentile, type Figure } from '../harness/statistics.ts';

const RUNS = 9;
const WARM_UP = 3;

/** Mutation acknowledged to "the hub has taken the agent's acknowledgement", over every agent of a fleet. */
function propagation(id: string, agents: number, reachMs: number): Bench {
  return {
    id,
    title: `Mutation committed to acknowledged by ${agents} agents`,
    setup: `${agents} agents at protocol level (own keys, stream, signature and digest checks), one VirtualService of 400 bytes changed, hub, Postgres and agents on this machine; ${RUNS} pushes after ${WARM_UP} to warm up`,
    run: (context) => measure(context, agents, reachMs),
  };
}

async function measure(context: BenchContext, count: number, reachMs: number): Promise<readonly Figure[]> {
  const open = await openHub(context.root);
  const acknowledged = new Map<number, number>();
  let wake: () => void = () => undefined;
  const fleet = await startAgents(open, count, (agent, _revision, at) => {
    acknowledged.set(agent, at);
    if (acknowledged.size === count) wake();
  });
  try {
    const p50: number[] = [];
    const p99: number[] = [];
    for (let push = 1; push <= WARM_UP + RUNS; push += 1) {
      acknowledged.clear();
      const all = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await applyPolicy(open.client, timeoutPolicy('reviews', push, 'env=bench'));
      const committed = performance.now();
      await all;
      if (push <= WARM_UP) continue;
      const latencies = [...acknowledged.values()].map((at) => Math.max(0, at - committed));
      p50.push(percentile(latencies, 0.5));
      p99.push(percentile(latencies, 0.99));
      context.say(`push ${push}: p50 ${p50.at(-1)?.toFixed(0)} ms, p99 ${p99.at(-1)?.toFixed(0)} ms`);
    }
    return [
      figure('p50', 'ms', p50),
      figure('p99', 'ms', p99, reachMs),
      figure('states fetched per agent and push', '', [fleet.counters.stateFetches / count / (WARM_UP + RUNS)]),
      figure('states refused', '', [fleet.counters.refused]),
    ];
  } finally {
    fleet.close();
    await open.close();
  }
}

export const p1 = propagation('P1', 100, 300);
export const p2 = propagation('P2', 1_000, 1_000);
