import { MeshfleetError } from '@meshfleet/model';
import { listOf } from './roll-back.ts';
import { hasEnded } from './state.ts';
import type { RolloutCluster, RolloutDefinition, RolloutEvent, RolloutEventKind, RolloutState, RolloutWave } from './state.ts';
import { failuresOf } from './wave-progress.ts';

/** What people may tell a rollout. `wave` is a wave's index: of two who press at once, the second must not press the next. */
export type RolloutCommand =
  | { readonly type: 'PAUSE'; readonly reason: string | null }
  /** `acceptFailures`: of these clusters, or (true) those that there were when it was paused, count no more. */
  | { readonly type: 'RESUME'; readonly acceptFailures: boolean | readonly string[] }
  /** Ends the waiting of the wave that is under way: its soak, its webhook, its quorum. Never an approval, window or freeze. */
  | { readonly type: 'PROMOTE'; readonly wave: number }
  | { readonly type: 'APPROVE'; readonly wave: number }
  | { readonly type: 'ABORT'; readonly rollback: boolean; readonly reason: string | null };

export interface Commander {
  readonly by: string;
  readonly at: number;
  /** Whether the commander holds at least this role. */
  readonly holds: (role: 'OPERATOR' | 'ADMIN' | 'OWNER') => boolean;
}

export interface CommandOutcome {
  readonly state: RolloutState;
  /** Empty: it was so already. */
  readonly events: readonly RolloutEvent[];
}

/**
 * Notes what a person asks of a rollout; the next step carries it out. The same asked twice is asked once.
 * @throws MeshfleetError ROLLOUT_ENDED, CONFLICT (the wave is another one by now, or there are failures that are not accepted) or FORBIDDEN
 */
export function commandRollout(definition: RolloutDefinition, state: RolloutState, command: RolloutCommand, who: Commander): CommandOutcome {
  if (hasEnded(state.status)) throw ended(state);
  switch (command.type) {
    case 'PAUSE':
      return pause(state, command.reason, who);
    case 'RESUME':
      return resume(state, command.acceptFailures, who);
    case 'PROMOTE':
      return promote(state, command.wave, who);
    case 'APPROVE':
      return approve(definition, state, command.wave, who);
    case 'ABORT':
      return abort(state, command, who);
    default:
      return command satisfies never;
  }
}

function pause(state: RolloutState, reason: string | null, who: Commander): CommandOutcome {
  refuseGoingBack(state);
  if (state.paused !== null) return { state, events: [] };
  const because = reason === null ? `paused by ${who.by}` : `paused by ${who.by}: ${reason}`;
  return { state: { ...state, status: 'PAUSED', because, paused: { by: who.by, at: who.at, reason: because } }, events: [said(state, who, 'PAUSED', because)] };
}

function resume(state: RolloutState, accepts: boolean | readonly string[], who: Commander): CommandOutcome {
  refuseGoingBack(state);
  const { paused } = state;
  if (paused === null) return { state, events: [] };
  const open = accepts === false ? [] : failuresOf(state).counted;
  const meant = new Set(accepts === true ? open.filter(({ settledAt }) => settledAt !== null && settledAt <= paused.at).map(({ id }) => id) : accepts === false ? [] : accepts);
  const unseen = open.filter(({ id }) => !meant.has(id));
  if (unseen.length > 0) throw unseenFailures(unseen, accepts === true ? 'since it was paused' : 'beside those that you accept');
  const accepted = open.map(({ name }) => name);
  const clusters = state.clusters.map((cluster) => (open.includes(cluster) ? { ...cluster, accepted: true } : cluster));
  // A webhook that said no is asked anew: whoever resumes has seen to it. One that was waited for has its whole time again.
  const waves = state.waves.map((wave, index) => (index === state.wave && wave.webhook !== null && wave.webhook.answer !== 'PASS' ? { ...wave, webhook: { ...wave.webhook, answer: 'WAIT' as const, since: who.at, nextAt: who.at } } : wave));
  const message = accepted.length === 0 ? `resumed by ${who.by}` : `resumed by ${who.by}, who accepts the failures of ${accepted.join(', ')}`;
  // Until the next step says more than this, it says no longer that it is paused.
  return { state: { ...state, status: 'RUNNING', clusters, waves, paused: null, because: message }, events: [said(state, who, 'RESUMED', message)] };
}

function promote(state: RolloutState, index: number, who: Commander): CommandOutcome {
  refuseGoingBack(state);
  const wave = waveAt(state, index);
  if (wave.promoted !== null) return { state, events: [] };
  if (index !== state.wave || wave.phase === 'PENDING') throw otherWave(state, wave, index);
  return patched(state, index, { promoted: { by: who.by, at: who.at } }, said(state, who, 'PROMOTED', `${who.by} promotes ${wave.name}: its soak, webhook and quorum are not waited for`));
}

function approve(definition: RolloutDefinition, state: RolloutState, index: number, who: Commander): CommandOutcome {
  refuseGoingBack(state);
  const wave = waveAt(state, index);
  const gate = wave.gates.approval;
  if (gate === undefined) {
    throw new MeshfleetError({ code: 'PRECONDITION_FAILED', summary: `${wave.name} asks for no approval`, why: 'its gates have none', fix: 'Nothing needs to be done; the rollout goes on by itself.' });
  }
  if (!who.holds(gate.role)) {
    throw new MeshfleetError({ code: 'FORBIDDEN', summary: `${wave.name} is approved by ${gate.role.toLowerCase()}s`, why: 'you do not hold that role', fix: 'Ask somebody who does.' });
  }
  if (who.by === definition.createdBy && !gate.allowAuthor) {
    throw new MeshfleetError({ code: 'FORBIDDEN', summary: 'Whoever asked for a rollout does not approve it', why: 'four eyes see more than two', fix: 'Ask somebody else, or set allowAuthor in the strategy of the next rollout.' });
  }
  if (gate.when === 'AFTER' && (wave.phase === 'PENDING' || wave.phase === 'OPEN')) {
    throw new MeshfleetError({ code: 'CONFLICT', summary: `${wave.name} is approved when it has been updated`, why: 'there is nothing to see of it yet', fix: 'Come back when its clusters are updated; rolloutChanged tells.' });
  }
  if (wave.approvals.some(({ by }) => by === who.by) || wave.phase === 'DONE') return { state, events: [] };
  const approvals = [...wave.approvals, { by: who.by, at: who.at }];
  return patched(state, index, { approvals }, { ...said(state, who, 'APPROVED', `${who.by} approves ${wave.name} (${approvals.length} of ${gate.count})`), wave: index });
}

function abort(state: RolloutState, { rollback, reason }: Extract<RolloutCommand, { type: 'ABORT' }>, who: Commander): CommandOutcome {
  // Who asks for the other end than the one that is under way is told so: "it was so already" would be taken for it.
  if (rollback !== (state.abort?.rollback ?? true)) refuseGoingBack(state);
  if (state.abort !== null || state.status === 'ROLLING_BACK') return { state, events: [] };
  const event = said(state, who, 'ABORT_ASKED', `${who.by} aborts it ${rollback ? 'and rolls it back' : 'where it stands'}${reason === null ? '' : `: ${reason}`}`);
  return { state: { ...state, because: event.message, abort: { by: who.by, at: who.at, rollback, reason } }, events: [event] };
}

function patched(state: RolloutState, index: number, patch: Partial<RolloutWave>, event: RolloutEvent): CommandOutcome {
  return { state: { ...state, waves: state.waves.map((wave, at) => (at === index ? { ...wave, ...patch } : wave)) }, events: [event] };
}

function said(state: RolloutState, who: Commander, kind: RolloutEventKind, message: string): RolloutEvent {
  return { at: who.at, kind, message, wave: state.wave, actor: who.by };
}

function waveAt(state: RolloutState, index: number): RolloutWave {
  const wave = state.waves[index];
  if (wave !== undefined) return wave;
  throw new MeshfleetError({ code: 'NOT_FOUND', summary: `The rollout has no wave ${index}`, why: `it has ${state.waves.length}, counted from 0`, fix: 'Take the index from Rollout.waves.' });
}

function refuseGoingBack(state: RolloutState): void {
  if (state.abort === null && state.status !== 'ROLLING_BACK') return;
  throw new MeshfleetError({ code: 'ROLLOUT_ENDED', summary: 'The rollout is being ended', why: state.abort === null ? state.because : `${state.abort.by} has aborted it`, fix: 'Wait until it has ended, and begin another one if it should go on.' });
}

function otherWave(state: RolloutState, wave: RolloutWave, index: number): MeshfleetError {
  if (index === state.wave) {
    const fix = 'Wait until it begins: a promotion ends the soak, the webhook and the quorum of a wave that has begun, never an approval, a window or a freeze.';
    return new MeshfleetError({ code: 'CONFLICT', summary: `${wave.name} has not begun`, why: state.because, fix });
  }
  const why = index < state.wave ? `${wave.name} is over` : `${wave.name} has not begun; ${state.waves[state.wave]?.name ?? 'none'} is under way`;
  return new MeshfleetError({ code: 'CONFLICT', summary: `${wave.name} is not the wave that is under way`, why, fix: 'Look at the rollout again before pressing on.' });
}

/** Who accepts failures has looked at them: those that came meanwhile are not among them. */
function unseenFailures(unseen: readonly RolloutCluster[], when: string): MeshfleetError {
  const [first] = unseen;
  return new MeshfleetError({
    code: 'CONFLICT',
    summary: `${listOf(unseen.map(({ name }) => name))} ${unseen.length === 1 ? 'has' : 'have'} failed ${when}`,
    why: `nothing is accepted that nobody has looked at. ${first?.name ?? ''}: ${first?.reason ?? ''}`,
    fix: 'Look at Rollout.clusters(phase: FAILED), and name every cluster whose failure you accept in acceptFailuresOf.',
  });
}

function ended(state: RolloutState): MeshfleetError {
  return new MeshfleetError({ code: 'ROLLOUT_ENDED', summary: `The rollout has ended: ${state.status}`, why: state.because, fix: 'Apply the policy again to begin another one.' });
}
