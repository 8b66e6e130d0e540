import { behave } from '@meshfleet/cluster-real';
import { CALLS, send, seenOf } from './measure.ts';
import { untilForgotten, untilKnown } from './proxy-config.ts';
import { render, under, type Stage } from './stage.ts';

const ROUTES = 'dynamic_route_configs';
/** Istio itself retries twice. */
const THREE = '"num_retries":3';

export async function gatewayApiRetries(stage: Stage, route: object): Promise<void> {
  const { client, v2, report } = stage;
  report.section('gateway-api-retries');
  await under(stage, render('gateway-api-retries', { ...route, backend: { service: 'echo', port: 8080 }, attempts: 3, codes: [500], methods: ['GET'] }), async () => {
    await untilKnown(client, ROUTES, THREE);
    await behave(v2, { status: 500 });
    const gets = await send(client, { url: stage.echo });
    // An attempt may, by chance, go to the same pod again.
    report.row({ sent: `${CALLS} GET calls while v2 answers 500, with 3 attempts`, expected: 'at least 97 % 200', seen: seenOf(gets), passed: (gets.byCode['200'] ?? 0) >= CALLS * 0.97 });
    const posts = await send(client, { url: stage.echo, method: 'POST' });
    const failed = posts.byCode['500'] ?? 0;
    report.row({ sent: `${CALLS} POST calls, which are not to be retried`, expected: 'about half 500', seen: seenOf(posts), passed: failed >= CALLS * 0.3 && failed <= CALLS * 0.7 });
    await behave(v2, {});
  });
  await untilForgotten(client, ROUTES, THREE);
}
