import { isWindowOpen, nextWindow } from './maintenance-windows.ts';
import type { Hold, Situation } from './move.ts';
import { listOf } from './roll-back.ts';
import { totalOf } from './state.ts';
import type { RolloutState, RolloutWave } from './state.ts';
import { failuresForgiven } from './strategy.ts';
import { approvalsMissing, failuresOf, freezeOf } from './wave-progress.ts';

/** Something in the way, and when it may go by itself. */
export interface Barrier extends Hold {
  readonly wakeAt?: number | null | undefined;
}

/** What keeps all of these clusters from being changed now: a freeze of every one, or closed windows. */
export function barrierOf({ definition, seen }: Situation, clusters: readonly { readonly id: string }[]): Barrier | undefined {
  const freezes = clusters.map(({ id }) => freezeOf(seen, id));
  const freeze = freezes.find((found) => found !== undefined);
  if (freeze !== undefined && freezes.every((found) => found !== undefined)) return { status: 'FROZEN', because: `frozen: ${freeze.reason}`, wakeAt: freeze.until };
  const { windows } = definition.strategy;
  if (isWindowOpen(windows, seen.now)) return undefined;
  const opens = nextWindow(windows, seen.now);
  return { status: 'WAITING_WINDOW', because: opens === undefined ? 'no maintenance window opens within two weeks' : `the next maintenance window opens at ${new Date(opens).toISOString()}`, wakeAt: opens };
}

/** Somebody fails within the grace, and would exceed the budget if it stayed so: nobody else is told meanwhile. */
export function loomingFailure({ definition }: Situation, state: RolloutState): Barrier | undefined {
  const { counted, looming } = failuresOf(state);
  if (looming.length === 0 || counted.length + looming.length <= failuresForgiven(definition.strategy, totalOf(state))) return undefined;
  return { status: 'WAITING_GATE', because: `${listOf(looming.map(({ name }) => name))} ${looming.length === 1 ? 'is' : 'are'} failing; it counts when it lasts. ${looming[0]?.reason ?? ''}` };
}

/** People who have yet to approve the wave at this point. */
export function missingApproval(wave: RolloutWave, when: 'BEFORE' | 'AFTER'): Barrier | undefined {
  const missing = approvalsMissing(wave, when);
  if (missing === 0) return undefined;
  const role = wave.gates.approval?.role.toLowerCase() ?? '';
  const until = when === 'BEFORE' ? 'begins' : 'counts as good';
  return { status: 'WAITING_APPROVAL', because: `${wave.name} ${until} when ${missing} more ${missing === 1 ? 'person' : 'people'} (${role} or above) ${missing === 1 ? 'has' : 'have'} approved it` };
}
