import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGraphqlClient, type GraphqlClient } from '../../apps/demo/src/graphql-client.ts';
import { refuseProblems, type Problems } from '../../apps/demo/src/seed.ts';
import { dice } from '../../apps/reconciler/src/testing/dying-store.fixture.ts';
import type { FleetOnPostgres } from '../e2e/open-fleet.ts';
import { disagreements, lastAudit, lostOrDoubled, sightingsOf } from './rollouts/books.ts';
import { openEyes, type Eyes } from './rollouts/eyes.ts';
import { judgeHistory } from './rollouts/judge-history.ts';
import { persist, withDatabase } from './rollouts/mortal-fleet.ts';
import { SET_UP_WITHIN_MS, openMortalFleet } from './rollouts/open-mortal-fleet.ts';
import { PATIENCE_MS } from './rollouts/patience.ts';
import { ask } from './rollouts/people.ts';
import { lastOfHistory, readHistory, recordHistory } from './rollouts/record-history.ts';
import { Season, plantSomebodys } from './rollouts/season.ts';

/** Each season has a seed of its own, from this one on; more seasons by MESHFLEET_CHAOS_CASES. */
const FIRST = Number(process.env['MESHFLEET_SEED'] ?? 1);
const SEASONS = Number(process.env['MESHFLEET_CHAOS_CASES'] ?? 2);
const TURNS = 12;

const closers: (() => Promise<void> | void)[] = [];
let hub: FleetOnPostgres;
let webhook: string;
let people: GraphqlClient[];
beforeAll(async () => {
  const roll = dice(FIRST);
  const gate = createServer((_request, response) => {
    const answer = roll();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ result: answer < 0.5 ? 'PASS' : answer < 0.85 ? 'WAIT' : 'FAIL', message: 'measured' }));
  });
  await new Promise<void>((done) => gate.listen(0, '127.0.0.1', done));
  closers.push(() => {
    gate.closeAllConnections();
    gate.close();
  });
  webhook = `http://127.0.0.1:${(gate.address() as AddressInfo).port}/`; // listening on TCP
  hub = await openMortalFleet();
  closers.push(hub.close);
  people = [hub.open.client, await program('pipeline'), await program('robot')];
  await plantSomebodys(hub);
  // The product is at work on the tables that get triggers: a deadlock with it ends one of the two.
  await persist('what happens is recorded', async () => {
    await withDatabase(hub, recordHistory);
    return true;
  });
}, SET_UP_WITHIN_MS + PATIENCE_MS);
afterAll(async () => {
  for (const close of closers.reverse()) await close();
}, 2 * PATIENCE_MS);

it.each(Array.from({ length: SEASONS }, (_, index) => FIRST + index))(
  'kill -9 of anything in the middle of rollouts, seed %i: no wave is jumped, no red gate passed, nothing mixed, lost or doubled, and what is taken back is as it was',
  // A promise that was broken once is broken.
  { retry: 0, timeout: 12 * PATIENCE_MS },
  async (seed) => {
    const since = { history: await withDatabase(hub, lastOfHistory), audit: await lastAudit(hub) };
    const eyes = openEyes(hub);
    const season = new Season(hub, people, webhook, dice(seed * 7919), seed);
    try {
      await live(season, eyes, since);
    } catch (error) {
      console.log(season.books.journal.join('\n'));
      throw error;
    } finally {
      await eyes.close();
    }
  },
);

async function live(season: Season, eyes: Eyes, since: { readonly history: number; readonly audit: number }): Promise<void> {
  await season.begin();
  await agreed(season, eyes);
  for (let turn = 0; turn < TURNS; turn += 1) await season.turn();
  await season.calm();

  const calm = Date.now();
  await persist('every rollout has ended', () => season.wave());
  await agreed(season, eyes, PATIENCE_MS - (Date.now() - calm));

  const history = await withDatabase(hub, (admin) => readHistory(admin, since.history));
  const sightings = await sightingsOf(hub, season, eyes);
  const { books } = season;
  const ends = history.flatMap((row) => (row.kind === 'ROLLOUT' && !row.active ? [row.state.status] : []));
  console.log(`${books.rollouts} rollouts (${[...Map.groupBy(ends, (end) => end)].map(([end, all]) => `${all.length} ${end}`).join(', ')}), ${books.kills} kills, ${books.absences} absences, ${[...books.presses.values()].reduce((sum, count) => sum + count, 0)} presses; ${sightings.length} sightings; converged in ${Date.now() - calm} ms`);
  expect(judgeHistory(history, sightings)).toEqual([]);
  expect(await lostOrDoubled(hub, season, since.audit)).toEqual([]);

  // Agents that hear of all at once would be asked for more than their guard lets pass.
  for (const name of season.policyNames) await ask(hub.open.client, 'policyDelete', { name, approveDeletions: 10 });
  await agreed(season, eyes);
}

/** Every cluster holds exactly what it is asked to hold. */
async function agreed(season: Season, eyes: Eyes, timeoutMs = PATIENCE_MS): Promise<void> {
  await persist('every cluster holds what it is asked to hold', async () => (await disagreements(hub, season, eyes)).join('; ') || true, timeoutMs);
}

/** Somebody else than the author of most: a program with a token of its own. */
async function program(name: string): Promise<GraphqlClient> {
  const { apiTokenCreate } = await hub.open.client.request<{ apiTokenCreate: Problems & { secret: string } }>(`mutation { apiTokenCreate(input: {name: "${name}", role: OPERATOR}) { secret userErrors { code message } } }`);
  refuseProblems(apiTokenCreate);
  return createGraphqlClient({ url: hub.open.fleet.url, token: apiTokenCreate.secret });
}
