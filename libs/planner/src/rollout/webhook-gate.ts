import { withWave } from './move.ts';
import type { RolloutAction, RolloutEvent, RolloutObservation, RolloutState, RolloutWave, WebhookState } from './state.ts';
import type { Gates } from './strategy.ts';

/** A call whose answer has not come in this time is taken for lost, and made again. */
const CALL_LOST_AFTER_MS = 30_000;

type WebhookGate = NonNullable<Gates['webhook']>;

export interface WebhookStep {
  readonly webhook: WebhookState;
  readonly action: RolloutAction | undefined;
  readonly wakeAt: number;
}

/** Undefined when the wave's webhook is green, or there is none; else whether to call it now, and when to look again. */
export function webhookStep(wave: RolloutWave, index: number, now: number): WebhookStep | undefined {
  const gate = wave.gates.webhook;
  if (gate === undefined || wave.promoted !== null || wave.webhook?.answer === 'PASS') return undefined;
  const known = wave.webhook;
  const since = known?.since ?? now;
  if (known !== null && now < known.nextAt) {
    const gone = goneAt(known, gate);
    if (isUnderWay(known) || now < gone) return { webhook: known, action: undefined, wakeAt: isUnderWay(known) ? known.nextAt : Math.min(known.nextAt, gone) };
  }
  const attempt = (known?.attempt ?? 0) + 1;
  const nextAt = now + CALL_LOST_AFTER_MS;
  const webhook: WebhookState = { attempt, answeredAttempt: known?.answeredAttempt ?? 0, since, nextAt, answer: 'WAIT', evidence: known?.evidence ?? null };
  return { webhook, action: { type: 'CALL_WEBHOOK', wave: index, attempt, url: gate.url }, wakeAt: nextAt };
}

/**
 * Takes the answer to the call that is under way, once; one to an earlier call says nothing. A gate whose time is over is
 * red when it was asked once more since and has not said yes: reconcilers that were away, or run now and then only, have not
 * asked meanwhile, and neither has a call that was lost or not made. While the rollout is paused nobody asks, and no time is over.
 */
export function takeWebhookAnswer(state: RolloutState, observation: RolloutObservation): { readonly state: RolloutState; readonly events: readonly RolloutEvent[] } | undefined {
  const wave = state.waves[state.wave];
  const gate = wave?.gates.webhook;
  const held = wave?.webhook;
  if (wave === undefined || gate === undefined || held === undefined || held === null || held.answer !== 'WAIT' || wave.phase !== 'CHECKING') return undefined;
  const { now, webhook: given } = observation;
  if (given?.wave !== state.wave || given.attempt !== held.attempt || !isUnderWay(held)) return undefined;
  const answered = { ...held, evidence: given.evidence, answeredAttempt: given.attempt, nextAt: now + gate.intervalSeconds * 1000 };
  if (given.answer === 'NOT_CALLED') return { state: withWave(state, { webhook: untimed(answered, held, gate) }), events: [] };
  const expired = given.answer === 'WAIT' && state.paused === null && now >= goneAt(held, gate);
  const answer = expired ? 'FAIL' : given.answer;
  const evidence = expired ? `no PASS within ${gate.timeoutSeconds} s; last: ${given.evidence}` : given.evidence;
  return {
    state: withWave(state, { webhook: { ...answered, answer, evidence } }),
    events: [{ at: now, kind: 'WEBHOOK_ANSWERED', wave: state.wave, actor: null, message: `${answer}: ${evidence}` }],
  };
}

/** What the gate had left of its time when it was to be called, it has still when it is to be called again. */
function untimed(answered: WebhookState, held: WebhookState, gate: WebhookGate): WebhookState {
  const used = held.nextAt - CALL_LOST_AFTER_MS - held.since;
  return { ...answered, since: answered.nextAt - Math.min(used, gate.timeoutSeconds * 1000) };
}

function goneAt({ since }: WebhookState, { timeoutSeconds }: WebhookGate): number {
  return since + timeoutSeconds * 1000;
}

function isUnderWay({ attempt, answeredAttempt }: WebhookState): boolean {
  return answeredAttempt < attempt;
}
