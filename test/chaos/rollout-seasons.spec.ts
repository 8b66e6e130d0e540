import { withTestStore } from '@meshfleet/store';
import type { TestStore } from '@meshfleet/store';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dice } from '../../apps/reconciler/src/testing/dying-store.fixture.ts';
import { InProcessSeason } from './rollouts/in-process-season.ts';
import { judgeHistory } from './rollouts/judge-history.ts';
import { lastOfHistory, readHistory, recordHistory } from './rollouts/record-history.ts';

const FIRST = Number(process.env['MESHFLEET_SEED'] ?? 1);
/** More by MESHFLEET_CHAOS_CASES. */
const SEASONS = Number(process.env['MESHFLEET_CHAOS_CASES'] ?? 10);
const TURNS = 60;

let test: TestStore;
let admin: Client;
beforeAll(async () => {
  test = await withTestStore();
  admin = new Client({ connectionString: test.url });
  await admin.connect();
  await recordHistory(admin);
});
afterAll(async () => {
  await admin.end();
  await test.close();
});

it.each(Array.from({ length: SEASONS }, (_, index) => FIRST + index))(
  'three policies whose rollouts overlap, supersede each other, wait for windows and freezes, and whose reconcilers are killed at any statement, seed %i: no promise is broken',
  { retry: 0, timeout: 120_000 },
  async (seed) => {
    const since = await lastOfHistory(admin);
    const season = new InProcessSeason(test, await test.createOrganization(), dice(seed));
    await season.begin();
    for (let turn = 0; turn < TURNS; turn += 1) await season.turn();
    expect(await season.end()).toEqual([]);
    const history = await readHistory(admin, since);
    expect(judgeHistory(history, [])).toEqual([]);
    expect(history.some((row) => row.kind === 'ROLLOUT' && !row.active)).toBe(true);
    expect(await season.disagreements()).toEqual([]);
  },
);
