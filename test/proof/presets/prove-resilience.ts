import { behave, servedBy } from '@meshfleet/cluster-real';
import { allOf, CALLS, send, sendOneByOne, seenOf, shareOf } from './measure.ts';
import { proveRetried } from './prove-retried.ts';
import { markOf, untilForgotten, untilKnown } from './proxy-config.ts';
import { render, under, type PresetProof, type Stage } from './stage.ts';

const CLUSTERS = 'dynamic_active_clusters';
const ROUTES = 'dynamic_route_configs';
const RULED = markOf('destination-rule', 'echo');
const ROUTED = markOf('virtual-service', 'echo');
const echoOf = ({ namespace }: Stage): { namespace: string; host: string } => ({ namespace, host: 'echo' });

export const resilience: PresetProof = {
  presets: ['circuit-breaking', 'retries', 'request-timeouts', 'fault-injection'],
  prove: async (stage) => {
    await pools(stage);
    await ejection(stage);
    await retries(stage);
    await budget(stage);
    await timeouts(stage);
    await faults(stage);
  },
};

async function pools(stage: Stage): Promise<void> {
  const { client, report } = stage;
  report.section('circuit-breaking');
  await under(stage, render('circuit-breaking', { ...echoOf(stage), connectionPool: { http2MaxRequests: 4, maxConnections: 4, http1MaxPendingRequests: 1 } }), async () => {
    await untilKnown(client, CLUSTERS, RULED);
    report.row(allOf('calls one after the other, with at most 4 under way', await sendOneByOne(client, stage.echo, 50), 200));
    const counts = await send(client, { url: stage.echo, total: 200, headers: { 'x-app-delay-ms': '500' } });
    const refused = counts.byCode['503'] ?? 0;
    const passed = refused >= 150 && refused + (counts.byCode['200'] ?? 0) === counts.sent && (counts.byCode['200'] ?? 0) >= 4;
    report.row({ sent: '200 calls within a second that take 500 ms each', expected: 'at least 4 answered, at least 150 refused at once with 503', seen: seenOf(counts), passed });
  });
  await untilForgotten(client, CLUSTERS, RULED);
}

async function ejection(stage: Stage): Promise<void> {
  const { client, v2, report } = stage;
  report.section('circuit-breaking');
  await under(stage, render('circuit-breaking', { ...echoOf(stage), outlierDetection: { consecutive5xxErrors: 3, interval: '1s', baseEjectionTime: '60s' } }), async () => {
    await untilKnown(client, CLUSTERS, RULED);
    await behave(v2, { status: 500 });
    const first = await sendOneByOne(client, stage.echo, CALLS);
    const failed = first.byCode['500'] ?? 0;
    report.row({ sent: `${CALLS} calls once v2 answers 500`, expected: 'a few 500 until it is ejected after 3 in a row', seen: seenOf(first), passed: failed >= 3 && failed <= 40 && failed + (first.byCode['200'] ?? 0) === CALLS });
    report.row(allOf('calls after that', await send(client, { url: stage.echo }), 200, 'v1'));
    await behave(v2, {});
  });
  await untilForgotten(client, CLUSTERS, RULED);
}

async function retries(stage: Stage): Promise<void> {
  const { client, report } = stage;
  report.section('retries');
  await under(stage, render('retries', { ...echoOf(stage), attempts: 3, retryOn: ['5xx'], methods: ['GET'] }), async () => {
    await untilKnown(client, ROUTES, ROUTED, '"num_retries":3');
    await proveRetried(stage);
  });
  await untilForgotten(client, ROUTES, ROUTED);
}

/** Both pods fail, and take their time, so that retries pile up. */
async function budget(stage: Stage): Promise<void> {
  const { client, v1, v2, report } = stage;
  const total = async (): Promise<number> => (await servedBy(v1)) + (await servedBy(v2));
  const served = async (): Promise<number> => {
    const before = await total();
    await send(client, { url: stage.echo, total: 200, perSecond: 100 });
    return (await total()) - before;
  };
  const failing = { ...echoOf(stage), attempts: 2, retryOn: ['5xx'] };
  for (const pod of [v1, v2]) await behave(pod, { status: 500, delayMs: 200 });
  await under(stage, render('retries', failing), async () => {
    await untilKnown(client, ROUTES, ROUTED, '"num_retries":2');
    const count = await served();
    report.row({ sent: '200 calls while all pods answer 500, with 2 attempts and no budget', expected: '600 reach the pods', seen: `${count} reached the pods`, passed: count === 600 });
  });
  await untilForgotten(client, ROUTES, ROUTED);
  await under(stage, render('retries', { ...failing, budget: { percent: 10, minRetryConcurrency: 1 } }), async () => {
    await untilKnown(client, ROUTES, ROUTED);
    await untilKnown(client, CLUSTERS, 'retry_budget', RULED);
    const count = await served();
    report.row({ sent: 'the same with a budget of 10 %', expected: 'at least 200 and at most 260 reach the pods', seen: `${count} reached the pods`, passed: count >= 200 && count <= 260 });
  });
  await untilForgotten(client, CLUSTERS, RULED);
  for (const pod of [v1, v2]) await behave(pod, {});
}

async function timeouts(stage: Stage): Promise<void> {
  const { client, report } = stage;
  report.section('request-timeouts');
  await under(stage, render('request-timeouts', { ...echoOf(stage), timeout: '300ms', paths: [{ prefix: '/slow', timeout: '20s' }] }), async () => {
    await untilKnown(client, ROUTES, ROUTED, '"name":"path-1"');
    const slow = { 'x-app-delay-ms': '1000' };
    report.row(allOf('calls that take 1 s, with a timeout of 300 ms', await send(client, { url: `${stage.echo}/slower`, total: 50, headers: slow }), 504));
    report.row(allOf('calls that take 1 s to a path with 20 s', await send(client, { url: `${stage.echo}/slow/one`, total: 50, headers: slow }), 200));
  });
  await untilForgotten(client, ROUTES, ROUTED);
}

export async function faults(stage: Stage): Promise<void> {
  const { client, report } = stage;
  report.section('fault-injection');
  const parameters = { ...echoOf(stage), cohort: { by: 'HEADER', name: 'x-chaos', value: 'on' }, abort: { status: 418, percentage: 40 }, until: '2030-01-01T00:00:00Z' };
  await under(stage, render('fault-injection', parameters), async () => {
    await untilKnown(client, ROUTES, ROUTED, '"name":"fault"');
    const counts = await send(client, { url: stage.echo, headers: { 'x-chaos': 'on' } });
    report.row(shareOf('calls of the cohort under a fault of 40 %', CALLS, 0.4, '418', counts.byCode['418'] ?? 0, ', else 200'));
    report.row(allOf('calls of others', await send(client, { url: stage.echo }), 200));
  });
  await untilForgotten(client, ROUTES, ROUTED);
  await under(stage, render('fault-injection', { ...parameters, abort: undefined, delay: { time: '2s' } }), async () => {
    await untilKnown(client, ROUTES, ROUTED, '"name":"fault"');
    const counts = await send(client, { url: stage.echo, total: 20, headers: { 'x-chaos': 'on' }, timeoutMs: 1_500 });
    report.row({ sent: '20 calls of the cohort under a delay of 2 s, given up after 1.5 s', expected: 'none answered in time', seen: seenOf(counts), passed: counts.answered === 0 });
  });
  await untilForgotten(client, ROUTES, ROUTED);
}
