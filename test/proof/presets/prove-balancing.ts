import { behave, callFrom } from '@meshfleet/cluster-real';
import { MeshfleetError } from '@meshfleet/model';
import { allOf, CALLS, send, seenOf, shareOf } from './measure.ts';
import { markOf, untilForgotten, untilKnown } from './proxy-config.ts';
import { ECHO, NAMESPACE, render, under, type Stage } from './stage.ts';

const CLUSTERS = 'dynamic_active_clusters';
const host = { namespace: NAMESPACE, host: 'echo' };
const GEO = `http://geo.${NAMESPACE}:8080`;

export async function proveBalancing(stage: Stage): Promise<void> {
  await consistentHash(stage);
  await roundRobin(stage);
  await leastRequest(stage);
  await localities(stage);
  await nearest(stage);
  await failover(stage);
}

async function ruled(stage: Stage, preset: string, parameters: { readonly host: string; readonly [field: string]: unknown }, prove: () => Promise<void>): Promise<void> {
  stage.report.section(preset);
  const mark = markOf('destination-rule', parameters.host);
  await under(stage, render(preset, parameters), async () => {
    await untilKnown(stage.client, CLUSTERS, mark);
    await prove();
  });
  await untilForgotten(stage.client, CLUSTERS, mark);
}

async function consistentHash(stage: Stage): Promise<void> {
  const { client, report } = stage;
  await ruled(stage, 'consistent-hash', { ...host, key: { by: 'HEADER', name: 'x-user' } }, async () => {
    const homes = new Map<string, Set<string>>();
    for (let call = 0; call < 200; call += 1) {
      const user = `user-${call % 20}`;
      const { version = '' } = await callFrom(client, { url: ECHO, headers: { 'x-user': user } });
      homes.set(user, (homes.get(user) ?? new Set()).add(version));
    }
    const faithful = [...homes.values()].filter((versions) => versions.size === 1).length;
    const used = new Set([...homes.values()].flatMap((versions) => [...versions]));
    report.row({ sent: '10 calls of each of 20 users', expected: 'each at one pod, both pods used', seen: `${faithful} of 20 users at one pod; pods used: ${used.size}`, passed: faithful === 20 && used.size === 2 });
  });
}

async function roundRobin(stage: Stage): Promise<void> {
  await ruled(stage, 'round-robin', host, async () => {
    const counts = await send(stage.client, { url: ECHO });
    const v1 = counts.byVersion['v1'] ?? 0;
    // Each worker of the proxy goes round for itself.
    stage.report.row({ sent: `${CALLS} calls`, expected: 'half at each of two pods, give or take 10', seen: seenOf(counts), passed: Math.abs(v1 - CALLS / 2) <= 10 && counts.byCode['200'] === CALLS });
  });
}

/** Two endpoints are drawn for each request, and may be the same one: a slow one of two keeps a quarter. */
async function leastRequest(stage: Stage): Promise<void> {
  const { v2, client, report } = stage;
  await ruled(stage, 'least-request', host, async () => {
    await behave(v2, { delayMs: 1_000 });
    const counts = await send(client, { url: ECHO, total: 800 });
    await behave(v2, {});
    const fast = counts.byVersion['v1'] ?? 0;
    report.row({ sent: '800 calls while v2 takes 1 s', expected: 'at least 62 % at v1, 75 % in the long run', seen: seenOf(counts), passed: fast >= 800 * 0.62 && counts.byCode['200'] === 800 });
  });
}

async function localities(stage: Stage): Promise<void> {
  const { client, report } = stage;
  const distribute = [{ from: 'eu/*', to: [{ locality: 'eu/*', weight: 70 }, { locality: 'us/*', weight: 30 }] }];
  await ruled(stage, 'locality-balancing', { namespace: NAMESPACE, host: 'geo', distribute }, async () => {
    const counts = await send(client, { url: GEO });
    report.row(shareOf('calls from eu, 30 % to us', CALLS, 0.3, 'us', counts.byVersion['us'] ?? 0, ', else eu'));
  });
}

/** Outlier detection alone makes callers keep to their own region. */
async function nearest(stage: Stage): Promise<void> {
  await ruled(stage, 'circuit-breaking', { namespace: NAMESPACE, host: 'geo', outlierDetection: {} }, async () => {
    stage.report.row(allOf('calls from eu with outlier detection, to a service in eu and us', await send(stage.client, { url: GEO, total: 100 }), 200, 'eu'));
  });
}

async function failover(stage: Stage): Promise<void> {
  const { client, nodes, report } = stage;
  const [eu] = nodes.pods(NAMESPACE, { app: 'geo', version: 'eu' });
  if (eu === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: 'The service geo does not run in eu' });
  const parameters = { namespace: NAMESPACE, host: 'geo', failover: [{ from: 'eu', to: 'us' }], outlierDetection: { consecutive5xxErrors: 3, interval: '1s', baseEjectionTime: '5s', maxEjectionPercent: 100 } };
  await ruled(stage, 'region-failover', parameters, async () => {
    report.row(allOf('calls from eu while eu is well', await send(client, { url: GEO, total: 100 }), 200, 'eu'));
    await behave(eu, { status: 500 });
    const failing = await send(client, { url: GEO });
    const failed = failing.byCode['500'] ?? 0;
    report.row({ sent: `${CALLS} calls once eu answers 500`, expected: 'a few 500 until its endpoint is ejected, then us', seen: seenOf(failing), passed: failed >= 3 && failed <= 40 && failed + (failing.byCode['200'] ?? 0) === CALLS });
    report.row(allOf('calls after that', await send(client, { url: GEO, total: 100 }), 200, 'us'));
    await behave(eu, {});
  });
}
