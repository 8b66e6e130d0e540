import { proveRetried } from './prove-retried.ts';
import { untilForgotten, untilKnown } from './proxy-config.ts';
import { render, under, type Stage } from './stage.ts';

const ROUTES = 'dynamic_route_configs';
/** Istio itself retries twice. */
const THREE = '"num_retries":3';

export async function gatewayApiRetries(stage: Stage, route: object): Promise<void> {
  const { client, report } = stage;
  report.section('gateway-api-retries');
  await under(stage, render('gateway-api-retries', { ...route, backend: { service: 'echo', port: 8080 }, attempts: 3, codes: [500], methods: ['GET'] }), async () => {
    await untilKnown(client, ROUTES, THREE);
    await proveRetried(stage);
  });
  await untilForgotten(client, ROUTES, THREE);
}
