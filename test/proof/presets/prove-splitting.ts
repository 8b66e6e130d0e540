import { servedBy, startTraffic } from '@meshfleet/cluster-real';
import { setTimeout as sleep } from 'node:timers/promises';
import { allOf, CALLS, send, seenOf, shareOf } from './measure.ts';
import { markOf, untilAnswered, untilForgotten, untilKnown } from './proxy-config.ts';
import { render, under, type PresetProof, type Stage } from './stage.ts';

const echoOf = ({ namespace }: Stage): { namespace: string; host: string } => ({ namespace, host: 'echo' });
const [one, two] = [{ version: 'v1' }, { version: 'v2' }];
const ROUTES = 'dynamic_route_configs';
const ROUTED = markOf('virtual-service', 'echo');

export const splitting: PresetProof = {
  presets: ['weighted-canary', 'blue-green', 'ab-test', 'traffic-mirroring'],
  prove: async (stage) => {
    await canary(stage);
    await blueGreen(stage);
    await abTest(stage);
    await mirroring(stage);
  },
};

/** A proxy may have routes to subsets before these are ready; then it answers 503. */
function untilReady({ client, namespace }: Stage, ...subsets: readonly string[]): Promise<void> {
  return untilKnown(client, 'dynamic_active_clusters', ...subsets.map((subset) => `|${subset}|echo.${namespace}`));
}

export async function canary(stage: Stage): Promise<void> {
  const { client, report } = stage;
  report.section('weighted-canary');
  const at = (weight: number): ReturnType<typeof render> =>
    render('weighted-canary', {
      ...echoOf(stage),
      subsets: [{ name: 'stable', labels: one, weight: 100 - weight }, { name: 'canary', labels: two, weight }],
      testers: { cohort: { by: 'HEADER', name: 'x-tester', match: 'PRESENT' }, subset: 'canary' },
    });
  await under(stage, at(10), async () => {
    for (const weight of [10, 60]) {
      await stage.hand.apply(at(weight));
      await untilReady(stage, 'stable', 'canary');
      await untilKnown(client, ROUTES, `"weight":${weight}`, `|canary|echo.${stage.namespace}`);
      const counts = await send(client, { url: stage.echo });
      report.row(shareOf(`calls under a canary of ${weight} %`, CALLS, weight / 100, 'v2', counts.byVersion['v2'] ?? 0, ', else v1'));
    }
    report.row(allOf('calls of testers', await send(client, { url: stage.echo, headers: { 'x-tester': 'anybody' }, total: 100 }), 200, 'v2'));
  });
  await untilForgotten(client, ROUTES, ROUTED);
}

/** Under load, each step by itself: subsets first, routes, cut-overs, routes away, subsets away. */
async function blueGreen(stage: Stage): Promise<void> {
  const { client, report } = stage;
  report.section('blue-green');
  const at = (active: 'BLUE' | 'GREEN', prepareOnly = false): ReturnType<typeof render> => render('blue-green', { ...echoOf(stage), blue: one, green: two, active, prepareOnly });
  const whole = at('GREEN');
  const routes = { ...whole, objects: whole.objects.slice(1) };
  const cutTo = async (active: 'BLUE' | 'GREEN'): Promise<void> => {
    await stage.hand.apply(at(active));
    await untilKnown(client, ROUTES, `|${active.toLowerCase()}|echo.${stage.namespace}`);
  };
  const noneFails = async (what: string, change: () => Promise<void>): Promise<void> => {
    const traffic = await startTraffic(client, { url: stage.echo, perSecond: 100 });
    await sleep(300);
    await change();
    await sleep(300);
    report.row({ ...allOf(what, await traffic.stop(), 200), expected: 'none failed' });
  };
  await noneFails('calls while it comes, prepared by its subsets', async () => {
    await stage.hand.apply(at('BLUE', true));
    await untilReady(stage, 'blue', 'green');
    await cutTo('BLUE');
  });
  await noneFails('calls through five cut-overs', async () => {
    for (const active of ['GREEN', 'BLUE', 'GREEN', 'BLUE', 'GREEN'] as const) {
      await cutTo(active);
      report.row(allOf(`calls with ${active.toLowerCase()} active`, await send(client, { url: stage.echo, total: 50 }), 200, active === 'BLUE' ? 'v1' : 'v2'));
    }
  });
  await noneFails('calls while it goes, its subsets last', async () => {
    await stage.hand.withdraw(routes);
    await untilForgotten(client, ROUTES, ROUTED);
    await stage.hand.withdraw(at('GREEN', true));
    await untilForgotten(client, 'dynamic_active_clusters', `|green|echo.${stage.namespace}`);
  });
}

async function abTest(stage: Stage): Promise<void> {
  const { client, report } = stage;
  report.section('ab-test');
  const cohorts = [{ by: 'HEADER', name: 'x-cohort', value: 'b' }, { by: 'COOKIE', name: 'cohort', value: 'b' }];
  await under(stage, render('ab-test', { ...echoOf(stage), control: { name: 'a', labels: one }, variants: [{ name: 'b', labels: two, cohorts }] }), async () => {
    await untilReady(stage, 'a', 'b');
    await untilKnown(client, ROUTES, `|b|echo.${stage.namespace}`);
    const ask = (headers: Record<string, string>): ReturnType<typeof send> => send(client, { url: stage.echo, total: 100, headers });
    report.row(allOf('calls with the header', await ask({ 'x-cohort': 'b' }), 200, 'v2'));
    report.row(allOf('calls with the cookie among others', await ask({ cookie: 'theme=dark; cohort=b; lang=en' }), 200, 'v2'));
    report.row(allOf('calls with other cookies', await ask({ cookie: 'mycohort=b; cohort=bb' }), 200, 'v1'));
    report.row(allOf('calls without either', await ask({}), 200, 'v1'));
  });
  await untilForgotten(client, ROUTES, ROUTED);
}

async function mirroring(stage: Stage): Promise<void> {
  const { client, v2, report } = stage;
  report.section('traffic-mirroring');
  await under(stage, render('traffic-mirroring', { ...echoOf(stage), live: one, mirror: { labels: two }, percentage: 30 }), async () => {
    await untilReady(stage, 'live', 'mirror');
    await untilKnown(client, ROUTES, 'request_mirror_policies', `|mirror|echo.${stage.namespace}`);
    const before = await servedBy(v2);
    const counts = await send(client, { url: stage.echo });
    report.row(allOf('calls with a mirror of 30 %', counts, 200, 'v1'));
    await untilAnswered(client, `|mirror|echo.${stage.namespace}`);
    report.row({ ...shareOf('calls', CALLS, 0.3, 'copies', (await servedBy(v2)) - before), seen: `${(await servedBy(v2)) - before} copies at v2; ${seenOf(counts)} to the caller` });
  });
  await untilForgotten(client, ROUTES, ROUTED);
}
