import { afterEach, describe, expect, it } from 'vitest';
import { createKubeClient } from '../client.ts';
import type { Resource } from '../resource.ts';
import type { Fault, ScriptedApiServer } from '../testing/scripted-api-server.ts';
import { startScriptedApiServer } from '../testing/scripted-api-server.ts';
import { createTransport } from '../transport.ts';
import type { ResourceCache } from './resource-cache.ts';
import { startResourceCache } from './resource-cache.ts';

const THINGS: Resource = { group: '', version: 'v1', kind: 'Thing', plural: 'things', namespaced: false };
const FAST = { stallMs: 80, watchSeconds: 600, firstBackoffMs: 2, maxBackoffMs: 20 };
const FAULTS: readonly Fault[] = ['gone-status', 'gone-event', 'cut', 'half-line', 'stall', 'too-many', 'failing', 'error-event', 'duplicate', 'reorder', 'garbage'];

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function follow(timing = FAST, random?: () => number): Promise<{ server: ScriptedApiServer; cache: ResourceCache<number>; changes: string[]; stop(): Promise<void> }> {
  const server = await startScriptedApiServer();
  const transport = createTransport(server.access);
  const changes: string[] = [];
  const cache = startResourceCache<number>({
    client: createKubeClient(transport),
    resource: THINGS,
    pageSize: 3,
    timing,
    ...(random === undefined ? {} : { random }),
    project: (object) => (object['spec'] as { value: number }).value,
    onChange: (change) => changes.push(`${change.name}=${String(change.value)}`),
  });
  const stop = async () => {
    await cache.stop();
    transport.close();
    await server.close();
  };
  return { server, cache, changes, stop };
}

const differs = (server: ScriptedApiServer, cache: ResourceCache<number>): string | undefined => {
  const want = [...server.objects].map(([name, object]) => `${name}=${String((object['spec'] as { value: number }).value)}`).sort();
  const have = [...cache.entries()].map(([name, value]) => `${name}=${String(value)}`).sort();
  return want.join() === have.join() ? undefined : `server ${want.join()} cache ${have.join()}`;
};

async function until(condition: () => boolean, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 3));
}

/** A small generator with a seed, so that a failure can be run again. */
function seeded(seed: number): () => number {
  let state = seed * 2_654_435_761 + 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

async function runSeed(seed: number): Promise<string | undefined> {
  const random = seeded(seed);
  const { server, cache, stop } = await follow(FAST, random);
  try {
    for (let step = 0; step < 30; step += 1) {
      const dice = random();
      const name = `n${String(Math.floor(random() * 12))}`;
      if (dice < 0.5) server.put(name, step);
      else if (dice < 0.65) server.remove(name);
      else if (dice < 0.7) server.bookmark();
      else if (dice < 0.74) server.compact();
      else server.inject(FAULTS[Math.floor(random() * FAULTS.length)] ?? 'cut');
      if (random() < 0.5) await new Promise((resolve) => setTimeout(resolve, random() * 4));
    }
    server.heal();
    await until(() => cache.synced && differs(server, cache) === undefined);
    const difference = differs(server, cache);
    if (difference !== undefined) return `seed ${String(seed)}: ${difference}`;
    if (cache.counters.lists > 1 + cache.counters.gone) return `seed ${String(seed)}: ${String(cache.counters.lists)} lists for ${String(cache.counters.gone)} times gone`;
    return undefined;
  } finally {
    await stop();
  }
}

describe('a cache under faults', () => {
  it('equals the server at the end of 1,000 of 1,000 seeded fault sequences, with at most one relist per 410', { timeout: 180_000 }, async () => {
    const failed: string[] = [];
    let next = 1;
    const worker = async () => {
      for (let seed = next++; seed <= 1_000; seed = next++) {
        const failure = await runSeed(seed);
        if (failure !== undefined) failed.push(failure);
      }
    };
    await Promise.all(Array.from({ length: 24 }, worker));
    expect(failed).toEqual([]);
  });
});

describe('a cache', () => {
  const started = async (timing = FAST) => {
    const fixture = await follow(timing);
    closing.push(fixture.stop);
    return fixture;
  };

  it('takes all pages of a list and then follows without listing again', async () => {
    const server = await startScriptedApiServer();
    for (let index = 0; index < 10; index += 1) server.put(`n${String(index)}`, index);
    const transport = createTransport(server.access);
    const cache = startResourceCache<string>({ client: createKubeClient(transport), resource: THINGS, pageSize: 3, timing: FAST, project: (object) => object.kind });
    closing.push(async () => {
      await cache.stop();
      transport.close();
      await server.close();
    });
    await until(() => cache.size === 10);
    server.put('n10', 10);
    await until(() => cache.size === 11);
    expect(cache.size).toBe(11);
    expect(server.counts).toMatchObject({ lists: 1, pages: 4 });
  });

  it('lists once, and only once, for a 410 as status and for a 410 as event', async () => {
    const { server, cache } = await started({ ...FAST, stallMs: 5_000 });
    await until(() => cache.counters.watches === 1);
    server.inject('gone-event');
    await until(() => cache.counters.lists === 2 && cache.counters.watches === 2);
    server.inject('gone-status');
    await until(() => cache.counters.lists === 3);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(cache.counters).toMatchObject({ lists: 3, gone: 2 });
  });

  it('resumes after a cut without listing', async () => {
    const { server, cache } = await started();
    await until(() => cache.counters.watches === 1);
    server.inject('cut');
    server.put('a', 1);
    await until(() => cache.get('', 'a') === 1);
    expect(cache.get('', 'a')).toBe(1);
    expect(cache.counters.lists).toBe(1);
  });

  it('drops a silent watch and resumes', async () => {
    const { server, cache } = await started();
    await until(() => cache.counters.watches === 1);
    server.inject('stall');
    server.put('a', 1);
    await until(() => cache.get('', 'a') === 1);
    expect(cache.counters.stalled).toBeGreaterThan(0);
    expect(cache.counters.lists).toBe(1);
  });

  it('reopens on request, because another watch was found dead', async () => {
    const { server, cache } = await started({ ...FAST, stallMs: 60_000 });
    await until(() => server.counts.watches === 1);
    server.inject('stall');
    server.put('a', 1);
    cache.reopen();
    await until(() => cache.get('', 'a') === 1);
    expect(cache.get('', 'a')).toBe(1);
  });

  it('does not bring a deleted object back when an older event about it comes late', async () => {
    const { server, cache, changes } = await started({ ...FAST, stallMs: 60_000 });
    await until(() => server.counts.watches === 1);
    server.put('a', 1);
    server.remove('a');
    await until(() => changes.includes('a=undefined'));
    server.inject('duplicate');
    server.inject('cut');
    server.put('b', 1);
    await until(() => cache.get('', 'b') === 1);
    expect(cache.get('', 'a')).toBeUndefined();
    expect(changes).toEqual(['a=1', 'a=undefined', 'b=1']);
  });

  it('stops while the server hangs', async () => {
    const { server, cache } = await started({ ...FAST, stallMs: 60_000 });
    await until(() => server.counts.watches === 1);
    server.inject('stall');
    await cache.stop();
    expect(cache.synced).toBe(true);
  });
});
