import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedCache } from './bounded-cache.ts';
import { CoalescingLoader } from './coalescing-loader.ts';
import { EnrolLimiter } from './enrol-limiter.ts';
import { ReplayMemory } from './replay-memory.ts';
import { chooseEncoding } from './deliver-state.ts';
import { Ticker } from './ticker.ts';
import { toHttpError } from './http-error.ts';

describe('the ticker', () => {
  it('runs each periodic task once a period, spread over it, on one timer', () => {
    const ticker = new Ticker();
    const runs = new Map<number, number[]>();
    for (let task = 0; task < 90; task += 1) ticker.every(30, () => runs.set(task, [...(runs.get(task) ?? []), second]));
    let second = 0;
    const perSecond: number[] = [];
    for (second = 1; second <= 60; second += 1) {
      const before = [...runs.values()].flat().length;
      ticker.tick();
      perSecond.push([...runs.values()].flat().length - before);
    }
    expect(new Set(perSecond)).toEqual(new Set([3]));
    expect([...runs.values()].every(([first = 0, next = 0]) => next - first === 30)).toBe(true);
  });

  it('runs a task after its time, and not when it was taken back', () => {
    const ticker = new Ticker();
    const ran: string[] = [];
    ticker.after(2, () => ran.push('two'));
    ticker.after(1, () => ran.push('taken back'))();
    ticker.every(1, () => ran.push('each'))();
    ticker.tick();
    expect(ran).toEqual([]);
    ticker.tick();
    ticker.tick();
    expect(ran).toEqual(['two']);
  });
});

describe('the bounded cache', () => {
  it('never weighs more than it may, and keeps what was used last', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 6 })), { maxLength: 40 }), (steps) => {
        const cache = new BoundedCache<number>(10);
        for (const [key, weight] of steps) {
          cache.set(key, weight, weight);
          expect(cache.get(key)).toBe(weight);
          const total = ['a', 'b', 'c', 'd'].map((each) => cache.get(each) ?? 0).reduce((sum, each) => sum + each, 0);
          expect(total).toBeLessThanOrEqual(10);
        }
      }),
    );
    const cache = new BoundedCache<string>(2);
    cache.set('old', 'x', 1);
    cache.set('new', 'y', 1);
    cache.get('old');
    cache.set('newest', 'z', 1);
    expect([cache.get('old'), cache.get('new')]).toEqual(['x', undefined]);
    cache.set('huge', 'h', 3);
    expect(cache.get('huge')).toBeUndefined();
  });
});

describe('the coalescing loader', () => {
  it('asks once for all that is asked while a load runs, by organization', async () => {
    const calls: [string, readonly string[]][] = [];
    const loader = new CoalescingLoader<string>(async (organization, ids) => {
      calls.push([organization, ids]);
      await new Promise((resolve) => setImmediate(resolve));
      return new Map(ids.filter((id) => id !== 'none').map((id) => [id, `${organization}/${id}`]));
    });
    const answers = await Promise.all([loader.load('o', 'a'), loader.load('o', 'b'), loader.load('o', 'a'), loader.load('p', 'a'), loader.load('o', 'none')]);
    expect(answers).toEqual(['o/a', 'o/b', 'o/a', 'p/a', undefined]);
    expect(calls).toEqual([['o', ['a', 'b', 'none']], ['p', ['a']]]);
    await loader.load('o', 'a');
    expect(calls).toHaveLength(3);
  });

  it('goes on after a load that failed', async () => {
    let fails = true;
    const loader = new CoalescingLoader<number>(() => (fails ? Promise.reject(new TypeError('away')) : Promise.resolve(new Map([['a', 1]]))));
    await expect(loader.load('o', 'a')).rejects.toThrow('away');
    fails = false;
    expect(await loader.load('o', 'a')).toBe(1);
  });
});

describe('the replay memory', () => {
  it('knows a token for as long as it could be used, and forgets it some time later', () => {
    const memory = new ReplayMemory();
    expect(memory.isFirst('c', 'j', 1000)).toBe(true);
    for (const later of [0, 60, 120, 180]) expect(memory.isFirst('c', 'j', 1000 + later)).toBe(false);
    expect(memory.isFirst('d', 'j', 1000)).toBe(true);
    expect(memory.isFirst('c', 'j', 1000 + 1000)).toBe(true);
  });

  it('knows at every moment what was used within the window', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 50 }), (gaps) => {
        const memory = new ReplayMemory();
        let now = 1_000_000;
        const used: [string, number][] = [];
        gaps.forEach((gap, index) => {
          now += gap;
          for (const [jti, at] of used) if (now - at <= 180) expect(memory.isFirst('c', jti, now)).toBe(false);
          memory.isFirst('c', `j${index}`, now);
          used.push([`j${index}`, now]);
        });
      }),
    );
  });
});

describe('the enrolment limiter', () => {
  it('lets failures through up to its burst, then by its rate, and forgives with time', () => {
    const limiter = new EnrolLimiter({ burst: 3, perSecond: 1 });
    for (let count = 0; count < 3; count += 1) {
      limiter.check('a', 0);
      limiter.failed('a', 0);
    }
    expect(() => limiter.check('a', 0)).toThrow(/Too many/);
    limiter.check('b', 0);
    limiter.check('a', 2000);
  });

  it('stays small under an attack from many addresses', () => {
    const limiter = new EnrolLimiter({ burst: 3, perSecond: 1 });
    for (let address = 0; address < 30_000; address += 1) {
      for (let count = 0; count < 3; count += 1) limiter.failed(`${address}`, 0);
    }
    expect(() => limiter.check('29999', 0)).toThrow(/Too many/);
    limiter.check('0', 0);
  });
});

describe('the encoding of an answer', () => {
  it.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip', 'gzip'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['zstd;q=0, gzip;q=0.5', 'gzip'],
    ['br', 'identity'],
  ])('for "%s" is %s', (accept, expected) => {
    expect(chooseEncoding(accept)).toBe(expected);
  });
});

describe('an error that is not ours', () => {
  it('says nothing of itself', () => {
    const { status, body, unexpected } = toHttpError(new TypeError('password=secret at /srv/hub.ts'), 0, () => 0);
    expect([status, unexpected, JSON.stringify(body).includes('secret')]).toEqual([500, true, false]);
  });
});
