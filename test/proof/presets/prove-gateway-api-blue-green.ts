import { callFrom, startTraffic } from '@meshfleet/cluster-real';
import { setTimeout as sleep } from 'node:timers/promises';
import { allOf, send } from './measure.ts';
import { render, type Stage } from './stage.ts';
import { untilSettled } from './until.ts';

const [blue, green] = ['v1', 'v2'].map((version) => ({ service: `echo-${version}`, port: 8080 }));
const COLOURS = { BLUE: 'v1', GREEN: 'v2' } as const;

/** Under load: the route comes, cuts over five times, and goes. */
export async function gatewayApiBlueGreen(stage: Stage, route: object): Promise<void> {
  const { client, hand, report } = stage;
  report.section('gateway-api-blue-green');
  const preview = { 'x-preview': 'idle' };
  const at = (active: keyof typeof COLOURS): ReturnType<typeof render> => render('gateway-api-blue-green', { ...route, blue, green, active, testers: { by: 'HEADER', name: 'x-preview', value: 'idle' } });
  const traffic = await startTraffic(client, { url: stage.echo, perSecond: 100 });
  await sleep(300);
  for (const active of ['BLUE', 'GREEN', 'BLUE', 'GREEN', 'BLUE', 'GREEN'] as const) {
    await hand.apply(at(active));
    const version = COLOURS[active];
    await untilSettled(stage.proxies, `${version} alone answers`, async () => (await callFrom(client, { url: stage.echo })).version === version);
    report.row(allOf(`calls with ${active.toLowerCase()} active`, await send(client, { url: stage.echo, total: 50 }), 200, version));
  }
  report.row(allOf('calls of testers, with green active', await send(client, { url: stage.echo, headers: preview, total: 50 }), 200, COLOURS.BLUE));
  await hand.withdraw(at('GREEN'));
  await untilSettled(stage.proxies, 'nothing tells testers from others', async () => (await callFrom(client, { url: stage.echo, headers: preview })).code === 200);
  report.row({ ...allOf('calls while it comes, through five cut-overs, and while it goes', await traffic.stop(), 200), expected: 'none failed' });
}
