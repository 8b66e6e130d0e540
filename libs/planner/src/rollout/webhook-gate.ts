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
 * asked meanwhile. While the rollout is paused nobody asks, and no time is over.
 */
export function takeWebhookAnswer(state: RolloutState, observation: RolloutObservation): { readonly state: RolloutState; readonly event: RolloutEvent } | undefined {
  const wave = state.waves[state.wave];
  const gate = wave?.gates.webhook;
  const held = wave?.webhook;
  if (wave === undefined || gate === undefined || held === undefined || held === null || held.answer !== 'WAIT' || wave.phase !== 'CHECKING') return undefined;
  const { now } = observation;
  const given = observation.webhook;
  const fresh = given?.wave === state.wave && given.attempt === held.attempt && held.answeredAttempt < given.attempt ? given : undefined;
  const expired = state.paused === null && now >= goneAt(held, gate);
  if (fresh === undefined && !(expired && isLastCallLost(held, gate, now))) return undefined;
  const answer = fresh?.answer === 'PASS' || fresh?.answer === 'FAIL' ? fresh.answer : expired ? 'FAIL' : 'WAIT';
  const evidence = fresh?.evidence ?? held.evidence ?? 'nothing came back';
  const said = answer === 'FAIL' && fresh?.answer !== 'FAIL' ? `no PASS within ${gate.timeoutSeconds} s; last: ${evidence}` : evidence;
  const webhook: WebhookState = { ...held, answer, evidence: said, answeredAttempt: fresh?.attempt ?? held.answeredAttempt, nextAt: now + gate.intervalSeconds * 1000 };
  return {
    state: { ...state, waves: state.waves.map((each, index) => (index === state.wave ? { ...each, webhook } : each)) },
    event: { at: now, kind: 'WEBHOOK_ANSWERED', wave: state.wave, actor: null, message: `${answer}: ${said}` },
  };
}

function goneAt({ since }: WebhookState, { timeoutSeconds }: { readonly timeoutSeconds: number }): number {
  return since + timeoutSeconds * 1000;
}

function isUnderWay({ attempt, answeredAttempt }: WebhookState): boolean {
  return answeredAttempt < attempt;
}

/** A call that was made when the gate's time was over already, and whose answer has not come. */
function isLastCallLost(held: WebhookState, gate: { readonly timeoutSeconds: number }, now: number): boolean {
  return isUnderWay(held) && now >= held.nextAt && held.nextAt - CALL_LOST_AFTER_MS >= goneAt(held, gate);
}
