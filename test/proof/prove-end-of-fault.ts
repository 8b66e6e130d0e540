import { callFrom, startTraffic } from '@meshfleet/cluster-real';
import { setTimeout as sleep } from 'node:timers/promises';
import { applyPolicy, deletePolicy } from '../../apps/demo/src/policies.ts';
import type { Product } from './open-product.ts';
import { untilApplied } from './presets/by-product.ts';
import { allOf, send } from './presets/measure.ts';
import { markOf, untilKnown } from './presets/proxy-config.ts';
import type { Stage } from './presets/stage.ts';
import { until } from './presets/until.ts';

/** A service that nothing else is proved on meanwhile. */
export const BRIEF = 'brief';
/** More than the minute before its end that a version may come in, and then its end be a minute late. */
const LASTS_MS = 70_000;
/** Looked at so long before: what ends early is seen. */
const SHORTLY_MS = 5_000;
const LATE_MS = 10_000;

/** A fault that ends on its date, by nobody's hand. */
export async function proveEndOfFault({ client }: Product, clusterSelector: string, stage: Stage): Promise<void> {
  const { client: caller, namespace } = stage;
  const report = stage.report.fork();
  report.section('fault-injection');
  const url = `http://${BRIEF}.${namespace}:8080/`;
  const cohort = { 'x-chaos': 'on' };
  const end = new Date(Math.ceil((Date.now() + LASTS_MS) / 1_000) * 1_000);
  const parameters = { namespace, host: BRIEF, cohort: { by: 'HEADER', name: 'x-chaos', value: 'on' }, abort: { status: 418 }, until: end.toISOString() };
  await applyPolicy(client, { name: BRIEF, clusterSelector, preset: { name: 'fault-injection', parameters } });
  await untilApplied(client, BRIEF);
  await untilKnown(caller, 'dynamic_route_configs', markOf('virtual-service', BRIEF), '"name":"fault"');
  const others = await startTraffic(caller, { url, perSecond: 20 });
  await sleep(end.getTime() - SHORTLY_MS - Date.now());
  report.row(allOf(`calls of the cohort ${SHORTLY_MS / 1_000} s before the end of a fault that was pushed through the product`, await send(caller, { url, headers: cohort, total: 60 }), 418));
  await until('the fault has ended', async () => (await callFrom(caller, { url, headers: cohort })).code === 200);
  const late = Date.now() - end.getTime();
  report.row({ sent: 'when the cohort is well again, with nobody doing anything', expected: `on the date or within ${LATE_MS / 1_000} s of it`, seen: `${(late / 1_000).toFixed(1)} s after it`, passed: late >= 0 && late <= LATE_MS });
  report.row(allOf('calls of the cohort after that', await send(caller, { url, headers: cohort, total: 60 }), 200));
  report.row({ ...allOf('calls of others under it and through its end', await others.stop(), 200), expected: 'none failed' });
  await deletePolicy(client, BRIEF);
}
