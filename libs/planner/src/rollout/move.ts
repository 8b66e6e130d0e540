import type { RolloutAction, RolloutDefinition, RolloutEvent, RolloutEventKind, RolloutObservation, RolloutState, RolloutStatus, RolloutWave } from './state.ts';

/** What a step decides from, apart from the rollout's state. */
export interface Situation {
  readonly definition: RolloutDefinition;
  readonly seen: RolloutObservation;
}

/** What one piece of a step comes to. */
export interface Move {
  readonly state: RolloutState;
  readonly actions?: readonly RolloutAction[];
  readonly events?: readonly RolloutEvent[];
  /** When to look again though nothing is heard. */
  readonly wakeAt?: readonly number[];
  /** What keeps the rollout from moving on; absent: it moved, and what comes next is to be looked at. */
  readonly hold?: Hold;
  /** Clusters that were left out of the state are needed. */
  readonly again?: boolean;
}

/** Why a rollout does not move: what it shows. */
export interface Hold {
  readonly status: RolloutStatus;
  readonly because: string;
}

/** Nothing moves, for this reason, until then at the latest. */
export function held(state: RolloutState, status: RolloutStatus, because: string, wakeAt?: number | null): Move {
  return { state, hold: { status, because }, ...(wakeAt === undefined || wakeAt === null ? {} : { wakeAt: [wakeAt] }) };
}

/** The wave that is under way, otherwise. */
export function withWave(state: RolloutState, patch: Partial<RolloutWave>): RolloutState {
  return { ...state, waves: state.waves.map((wave, index) => (index === state.wave ? { ...wave, ...patch } : wave)) };
}

/** Something that the rollout did by itself, in the wave that is under way. */
export function happened({ seen }: Situation, state: RolloutState, kind: RolloutEventKind, message: string): RolloutEvent {
  return { at: seen.now, kind, message, wave: state.wave, actor: null };
}
