import { callFrom, kubectl } from '@meshfleet/cluster-real';
import { allOf, send, seenOf } from './measure.ts';
import { untilForgotten, untilKnown } from './proxy-config.ts';
import { render, under, type PresetProof, type Stage } from './stage.ts';
import { drained, untilSettled } from './until.ts';

const LISTENERS = 'dynamic_listeners';

/** So many requests pass the rate-limit service for each descriptor. */
export const GLOBAL_LIMIT = 30;

export const rateLimits: PresetProof = {
  presets: ['local-rate-limit', 'global-rate-limit'],
  prove: async (stage) => {
    await local(stage);
    await global(stage);
  },
};

async function local(stage: Stage): Promise<void> {
  const { client, v1, v2, report } = stage;
  report.section('local-rate-limit');
  const parameters = {
    name: 'echo-limit',
    namespace: stage.namespace,
    labels: { app: 'echo' },
    limit: { requests: 10, per: '600s' },
    rules: [
      // Spent at once: shows that every proxy counts, without touching what is measured.
      { name: 'sounding', when: { by: 'PATH', prefix: '/sounding' }, limit: { requests: 1, per: '600s' } },
      { name: 'plan', when: { by: 'HEADER', name: 'x-plan', value: 'free' }, limit: { requests: 25, per: '600s' } },
    ],
  };
  await under(stage, render('local-rate-limit', parameters), async () => {
    for (const pod of [v1, v2]) await untilKnown(pod, LISTENERS, 'http_local_rate_limiter');
    await untilSettled(stage.proxies, 'every proxy counts', async () => (await callFrom(client, { url: `${stage.echo}/sounding` })).code === 429);
    const overall = await send(client, { url: stage.echo, total: 200 });
    report.row(limited('calls at 10 for each of two pods', overall, 20));
    const plan = await send(client, { url: stage.echo, total: 200, headers: { 'x-plan': 'free' } });
    report.row(limited('calls with a header at 25 for each pod', plan, 50));
  });
  for (const pod of [v1, v2]) await untilForgotten(pod, LISTENERS, 'http_local_rate_limiter');
  await untilSettled(stage.proxies, 'no proxy counts', async () => (await callFrom(client, { url: stage.echo })).code === 200);

  await under(stage, render('local-rate-limit', { ...parameters, dryRun: true }), async () => {
    for (const pod of [v1, v2]) await untilKnown(pod, LISTENERS, 'http_local_rate_limiter');
    await drained(stage.proxies);
    report.row(allOf('calls in a dry run', await send(client, { url: stage.echo, total: 100 }), 200));
  });
  for (const pod of [v1, v2]) await untilForgotten(pod, LISTENERS, 'http_local_rate_limiter');
}

/** One service counts for both pods; what it is told of a request decides what is counted together. */
async function global(stage: Stage): Promise<void> {
  const { cluster, client, v1, v2, report } = stage;
  report.section('global-rate-limit');
  const parameters = {
    name: 'echo-global',
    namespace: stage.namespace,
    labels: { app: 'echo' },
    service: { host: `limits.${stage.namespace}.svc.cluster.local` },
    domain: 'proof',
    descriptors: [[{ from: 'HEADER', name: 'x-tenant', key: 'tenant' }]],
    timeout: '5s',
    whenUnavailable: 'REFUSE',
  };
  await under(stage, render('global-rate-limit', parameters), async () => {
    for (const pod of [v1, v2]) await untilKnown(pod, LISTENERS, 'envoy.filters.http.ratelimit');
    await untilSettled(stage.proxies, 'every proxy asks', async () => (await callFrom(client, { url: stage.echo, headers: { 'x-tenant': 'sounding' } })).code === 429);
    report.row(limited(`calls of one tenant at ${GLOBAL_LIMIT} for both pods`, await send(client, { url: stage.echo, total: 100, headers: { 'x-tenant': 'a' } }), GLOBAL_LIMIT));
    report.row(limited('calls of another tenant', await send(client, { url: stage.echo, total: 100, headers: { 'x-tenant': 'b' } }), GLOBAL_LIMIT));
    report.row(allOf('calls that have no tenant', await send(client, { url: stage.echo, total: 100 }), 200));
    await kubectl(cluster.kubeconfigFile, ['-n', stage.namespace, 'scale', 'deployment/limits', '--replicas=0']);
    await untilSettled(stage.proxies, 'nobody answers the proxies', async () => (await callFrom(client, { url: stage.echo, headers: { 'x-tenant': 'c' } })).code === 500);
    report.row(allOf('calls with the service gone, to be refused then', await send(client, { url: stage.echo, total: 50, headers: { 'x-tenant': 'c' } }), 500));
    await stage.hand.apply(render('global-rate-limit', { ...parameters, whenUnavailable: 'ALLOW' }));
    await untilSettled(stage.proxies, 'the proxies let pass', async () => (await callFrom(client, { url: stage.echo, headers: { 'x-tenant': 'c' } })).code === 200);
    report.row(allOf('calls with the service gone, to be allowed then', await send(client, { url: stage.echo, total: 50, headers: { 'x-tenant': 'c' } }), 200));
  });
  for (const pod of [v1, v2]) await untilForgotten(pod, LISTENERS, 'envoy.filters.http.ratelimit');
}

function limited(what: string, counts: Awaited<ReturnType<typeof send>>, allowed: number): ReturnType<typeof allOf> {
  const passed = counts.byCode['200'] === allowed && counts.byCode['429'] === counts.sent - allowed;
  return { sent: `${counts.sent} ${what}`, expected: `${allowed} × 200, else 429`, seen: seenOf(counts), passed };
}
