import type { RolloutAction, RolloutEvent, RolloutObservation, RolloutState, RolloutWave, WebhookState } from './state.ts';

/** A call whose answer has not come in this time is taken for lost, and made again. */
const CALL_LOST_AFTER_MS = 30_000;

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
  const gone = since + gate.timeoutSeconds * 1000;
  if (known !== null && now < known.nextAt) return { webhook: known, action: undefined, wakeAt: Math.min(known.nextAt, gone) };
  const attempt = (known?.attempt ?? 0) + 1;
  const nextAt = now + CALL_LOST_AFTER_MS;
  const webhook: WebhookState = { attempt, answeredAttempt: known?.answeredAttempt ?? 0, since, nextAt, answer: 'WAIT', evidence: known?.evidence ?? null };
  return { webhook, action: { type: 'CALL_WEBHOOK', wave: index, attempt, url: gate.url }, wakeAt: Math.min(nextAt, gone) };
}

/**
 * Takes the answer to the call that is under way, once; one to an earlier call says nothing. A gate that has heard nothing
 * but WAIT for its whole time is red.
 */
export function takeWebhookAnswer(state: RolloutState, observation: RolloutObservation): { readonly state: RolloutState; readonly event: RolloutEvent } | undefined {
  const wave = state.waves[state.wave];
  const gate = wave?.gates.webhook;
  const held = wave?.webhook;
  if (wave === undefined || gate === undefined || held === undefined || held === null || held.answer !== 'WAIT' || wave.phase !== 'CHECKING') return undefined;
  const { now } = observation;
  const given = observation.webhook;
  const fresh = given?.wave === state.wave && given.attempt === held.attempt && held.answeredAttempt < given.attempt ? given : undefined;
  const expired = now >= held.since + gate.timeoutSeconds * 1000;
  if (fresh === undefined && !expired) return undefined;
  const answer = fresh?.answer === 'PASS' || fresh?.answer === 'FAIL' ? fresh.answer : expired ? 'FAIL' : 'WAIT';
  const evidence = fresh?.evidence ?? held.evidence ?? 'nothing came back';
  const said = answer === 'FAIL' && fresh?.answer !== 'FAIL' ? `no PASS within ${gate.timeoutSeconds} s; last: ${evidence}` : evidence;
  const webhook: WebhookState = { ...held, answer, evidence: said, answeredAttempt: fresh?.attempt ?? held.answeredAttempt, nextAt: now + gate.intervalSeconds * 1000 };
  return {
    state: { ...state, waves: state.waves.map((each, index) => (index === state.wave ? { ...each, webhook } : each)) },
    event: { at: now, kind: 'WEBHOOK_ANSWERED', wave: state.wave, actor: null, message: `${answer}: ${said}` },
  };
}
