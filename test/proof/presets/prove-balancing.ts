import { behave, callFrom } from '@meshfleet/cluster-real';
import { allOf, CALLS, send, seenOf, shareOf } from './measure.ts';
import { markOf, untilForgotten, untilKnown } from './proxy-config.ts';
import { podOf, render, under, type PresetProof, type Stage } from './stage.ts';

const CLUSTERS = 'dynamic_active_clusters';
const echoOf = ({ namespace }: Stage): { namespace: string; host: string } => ({ namespace, host: 'echo' });
/** A service with a pod in each of two zones of the region eu, where the caller is too, in the first of them; and one in us. */
const geoOf = ({ namespace }: Stage): { namespace: string; host: string } => ({ namespace, host: 'geo' });
const urlOf = ({ namespace }: Stage): string => `http://geo.${namespace}:8080`;

export const balancing: PresetProof = {
  presets: ['consistent-hash', 'round-robin', 'least-request', 'locality-balancing', 'circuit-breaking', 'region-failover'],
  prove: async (stage) => {
    await consistentHash(stage);
    await roundRobin(stage);
    await leastRequest(stage);
    await localities(stage);
    await nearest(stage);
    await failover(stage);
  },
};

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
  await ruled(stage, 'consistent-hash', { ...echoOf(stage), key: { by: 'HEADER', name: 'x-user' } }, async () => {
    const homes = new Map<string, Set<string>>();
    for (let call = 0; call < 200; call += 1) {
      const user = `user-${call % 20}`;
      const { version = '' } = await callFrom(client, { url: stage.echo, headers: { 'x-user': user } });
      homes.set(user, (homes.get(user) ?? new Set()).add(version));
    }
    const faithful = [...homes.values()].filter((versions) => versions.size === 1).length;
    const used = new Set([...homes.values()].flatMap((versions) => [...versions]));
    report.row({ sent: '10 calls of each of 20 users', expected: 'each at one pod, both pods used', seen: `${faithful} of 20 users at one pod; pods used: ${used.size}`, passed: faithful === 20 && used.size === 2 });
  });
}

async function roundRobin(stage: Stage): Promise<void> {
  await ruled(stage, 'round-robin', echoOf(stage), async () => {
    const counts = await send(stage.client, { url: stage.echo });
    const v1 = counts.byVersion['v1'] ?? 0;
    // Each worker of the proxy goes round for itself.
    stage.report.row({ sent: `${CALLS} calls`, expected: 'half at each of two pods, give or take 10', seen: seenOf(counts), passed: Math.abs(v1 - CALLS / 2) <= 10 && counts.byCode['200'] === CALLS });
  });
}

/** Two endpoints are drawn for each request, and may be the same one: a slow one of two keeps a quarter. */
async function leastRequest(stage: Stage): Promise<void> {
  const { v2, client, report } = stage;
  await ruled(stage, 'least-request', echoOf(stage), async () => {
    await behave(v2, { delayMs: 1_000 });
    const counts = await send(client, { url: stage.echo, total: 800 });
    await behave(v2, {});
    const fast = counts.byVersion['v1'] ?? 0;
    report.row({ sent: '800 calls while v2 takes 1 s', expected: 'at least 62 % at v1, 75 % in the long run', seen: seenOf(counts), passed: fast >= 800 * 0.62 && counts.byCode['200'] === 800 });
  });
}

async function localities(stage: Stage): Promise<void> {
  const { client, report } = stage;
  const regions = [{ from: 'eu/*', to: [{ locality: 'eu/*', weight: 70 }, { locality: 'us/*', weight: 30 }] }];
  await ruled(stage, 'locality-balancing', { ...geoOf(stage), distribute: regions }, async () => {
    const counts = await send(client, { url: urlOf(stage) });
    report.row(shareOf('calls from eu, 30 % to us', CALLS, 0.3, 'us', counts.byVersion['us'] ?? 0, ', else eu'));
  });
  const zones = [{ from: 'eu/eu-a/*', to: [{ locality: 'eu/eu-a/*', weight: 80 }, { locality: 'eu/eu-b/*', weight: 20 }] }];
  await ruled(stage, 'locality-balancing', { ...geoOf(stage), distribute: zones }, async () => {
    const counts = await send(client, { url: urlOf(stage) });
    report.row(shareOf('calls from the zone eu-a, 20 % to eu-b', CALLS, 0.2, 'eu-b', counts.byVersion['eu-b'] ?? 0, ', else eu-a'));
    report.row({ sent: `${CALLS} of them`, expected: 'none outside of eu', seen: seenOf(counts), passed: (counts.byVersion['us'] ?? 0) === 0 && counts.byCode['200'] === CALLS });
  });
}

/** Outlier detection alone makes callers keep to their own zone, and fall back zone by zone. */
async function nearest(stage: Stage): Promise<void> {
  await ruled(stage, 'circuit-breaking', { ...geoOf(stage), outlierDetection: {} }, async () => {
    stage.report.row(allOf('calls from the zone eu-a with outlier detection, to a service in eu-a, eu-b and us', await send(stage.client, { url: urlOf(stage), total: 100 }), 200, 'eu-a'));
  });
}

async function failover(stage: Stage): Promise<void> {
  const { client, nodes, namespace, report } = stage;
  const [here, beside] = ['eu-a', 'eu-b'].map((version) => podOf(nodes, namespace, { app: 'geo', version }));
  if (here === undefined || beside === undefined) return;
  const parameters = { ...geoOf(stage), failover: [{ from: 'eu', to: 'us' }], outlierDetection: { consecutive5xxErrors: 3, interval: '1s', baseEjectionTime: '60s', maxEjectionPercent: 100 } };
  await ruled(stage, 'region-failover', parameters, async () => {
    report.row(allOf('calls from eu-a while all is well', await send(client, { url: urlOf(stage), total: 100 }), 200, 'eu-a'));
    for (const [failing, what, next] of [[here, 'eu-a', 'eu-b'], [beside, 'eu-b too', 'us']] as const) {
      await behave(failing, { status: 500 });
      const counts = await send(client, { url: urlOf(stage) });
      const failed = counts.byCode['500'] ?? 0;
      report.row({ sent: `${CALLS} calls once ${what} answers 500`, expected: `a few 500 until its endpoint is ejected, then ${next}`, seen: seenOf(counts), passed: failed >= 3 && failed <= 40 && failed + (counts.byCode['200'] ?? 0) === CALLS });
      report.row(allOf('calls after that', await send(client, { url: urlOf(stage), total: 100 }), 200, next));
    }
    for (const pod of [here, beside]) await behave(pod, {});
  });
}
