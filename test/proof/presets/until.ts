import type { RealPod } from '@meshfleet/cluster-real';
import { MeshfleetError } from '@meshfleet/model';
import { setTimeout as sleep } from 'node:timers/promises';
import { drainingOf } from '../proxy-stats.ts';

const WITHIN_MS = 60_000;
/** So many in a row from two pods leave one chance in eight million that one of them was never asked. */
const SETTLED = 24;

/**
 * Waits for an effect; `why` is asked when it does not come.
 * @throws INTERNAL when it does not come about within a minute: no measure of time, only an end to waiting.
 */
export async function until(what: string, holds: () => Promise<boolean>, why?: () => Promise<string>): Promise<void> {
  const deadline = performance.now() + WITHIN_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new MeshfleetError({ code: 'INTERNAL', summary: `Waited ${WITHIN_MS / 1000} s, but not: ${what}`, ...(why === undefined ? {} : { why: await why() }) });
    await sleep(50);
  }
}

/** Waits until it holds often enough in a row to be so at every pod that may be asked. */
export async function untilEvery(what: string, holds: () => Promise<boolean>): Promise<void> {
  await until(what, async () => {
    for (let round = 0; round < SETTLED; round += 1) if (!(await holds())) return false;
    return true;
  });
}

/** The same, and then until the proxies that are named have closed the connections that go by what was before. */
export async function untilSettled(proxies: readonly RealPod[], what: string, holds: () => Promise<boolean>): Promise<void> {
  await untilEvery(what, holds);
  await drained(proxies);
}

/** Waits until proxies have closed the connections that go by what was before their last change. */
export async function drained(proxies: readonly RealPod[]): Promise<void> {
  await until('nothing is left of what was before', async () => (await Promise.all(proxies.map(drainingOf))).every((count) => count === 0));
}
