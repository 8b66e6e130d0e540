import { kubectl, servedBy } from '@meshfleet/cluster-real';
import { allOf, CALLS, send, shareOf } from './measure.ts';
import { gatewayApiBlueGreen } from './prove-gateway-api-blue-green.ts';
import { gatewayApiRetries } from './prove-gateway-api-retries.ts';
import { untilAnswered, untilForgotten, untilKnown } from './proxy-config.ts';
import { render, under, type PresetProof, type Stage } from './stage.ts';

const ROUTES = 'dynamic_route_configs';
const [v1, v2] = ['v1', 'v2'].map((version) => ({ service: `echo-${version}`, port: 8080 }));

/** In the Gateway API versions are Services of their own. */
export const gatewayApi: PresetProof = {
  presets: ['gateway-api-canary', 'gateway-api-cohorts', 'gateway-api-mirroring', 'gateway-api-timeouts', 'gateway-api-blue-green', 'gateway-api-retries'],
  prove,
};

async function prove(stage: Stage): Promise<void> {
  const { cluster, client, namespace, report } = stage;
  const route = { namespace, name: 'echo-route', parent: { kind: 'SERVICE', name: 'echo', port: 8080 } };
  const items = ['v1', 'v2'].map((version) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `echo-${version}`, namespace: namespace },
    spec: { selector: { app: 'echo', version }, ports: [{ name: 'http', port: 8080 }] },
  }));
  await kubectl(cluster.kubeconfigFile, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await untilKnown(client, 'dynamic_active_clusters', `echo-v2.${namespace}`);

  report.section('gateway-api-canary');
  await under(stage, render('gateway-api-canary', { ...route, backends: [{ ...v1, weight: 75 }, { ...v2, weight: 25 }], testers: { cohort: { by: 'HEADER', name: 'x-tester', value: 'yes' }, service: 'echo-v2' } }), async () => {
    await untilKnown(client, ROUTES, '"weight":25');
    const counts = await send(client, { url: stage.echo });
    report.row(shareOf('calls under a canary of 25 %', CALLS, 0.25, 'v2', counts.byVersion['v2'] ?? 0, ', else v1'));
    report.row(allOf('calls of testers', await send(client, { url: stage.echo, headers: { 'x-tester': 'yes' }, total: 100 }), 200, 'v2'));
  });
  await untilForgotten(client, ROUTES, '"weight":25');

  report.section('gateway-api-cohorts');
  await under(stage, render('gateway-api-cohorts', { ...route, control: v1, variants: [{ ...v2, cohorts: [{ by: 'COOKIE', name: 'cohort', value: 'b' }] }] }), async () => {
    await untilKnown(client, ROUTES, 'cohort=b');
    report.row(allOf('calls with the cookie', await send(client, { url: stage.echo, headers: { cookie: 'a=1; cohort=b' }, total: 100 }), 200, 'v2'));
    report.row(allOf('calls without', await send(client, { url: stage.echo, total: 100 }), 200, 'v1'));
  });
  await untilForgotten(client, ROUTES, 'cohort=b');

  report.section('gateway-api-mirroring');
  await under(stage, render('gateway-api-mirroring', { ...route, backend: v1, mirror: v2, percentage: 30 }), async () => {
    await untilKnown(client, ROUTES, 'request_mirror_policies');
    const before = await servedBy(stage.v2);
    report.row(allOf('calls with a mirror of 30 %', await send(client, { url: stage.echo }), 200, 'v1'));
    await untilAnswered(client, `|echo-v2.${namespace}`);
    report.row(shareOf('calls', CALLS, 0.3, 'copies', (await servedBy(stage.v2)) - before));
  });
  await untilForgotten(client, ROUTES, 'request_mirror_policies');

  report.section('gateway-api-timeouts');
  await under(stage, render('gateway-api-timeouts', { ...route, backend: { service: 'echo', port: 8080 }, timeouts: { request: '300ms' } }), async () => {
    await untilKnown(client, ROUTES, '"timeout":"0.300s"');
    report.row(allOf('calls that take 1 s, with a timeout of 300 ms', await send(client, { url: stage.echo, total: 50, headers: { 'x-app-delay-ms': '1000' } }), 504));
  });
  await untilForgotten(client, ROUTES, '"timeout":"0.300s"');

  await gatewayApiBlueGreen(stage, route);
  await gatewayApiRetries(stage, route);
}
