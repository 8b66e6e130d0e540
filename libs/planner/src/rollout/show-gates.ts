import type { ClusterPhase, FailureGate, RolloutWave } from './state.ts';

export type GateKind = 'APPROVAL_BEFORE' | 'APPLIED' | 'HEALTHY' | 'FINDINGS' | 'SOAK' | 'WEBHOOK' | 'APPROVAL_AFTER';

/** What was decided, also of a wave that went back since. PENDING: not yet. GREEN: passed. RED: it stops the rollout. SKIPPED: a person has promoted the wave past it. */
export interface ShownGate {
  readonly kind: GateKind;
  readonly status: 'PENDING' | 'GREEN' | 'RED' | 'SKIPPED';
  /** What it stands on: counts, the reason why it is red, what a webhook answered, who approved. */
  readonly evidence: string;
}

/** Clusters of a wave in one phase that are held up by one gate, or by none, with a few of the reasons. */
export interface PhaseTally {
  readonly phase: ClusterPhase;
  readonly gate: FailureGate | null;
  readonly count: number;
  readonly reasons: readonly string[];
}

/** The gates of a wave in the order in which they open, as people see them. */
export function showGates(wave: RolloutWave, tallies: readonly PhaseTally[]): ShownGate[] {
  const { gates } = wave;
  return [
    ...approval(wave, 'BEFORE'),
    ofClusters('APPLIED', wave, tallies),
    ...(gates.healthy ? [ofClusters('HEALTHY', wave, tallies)] : []),
    ...(gates.findings ? [ofClusters('FINDINGS', wave, tallies)] : []),
    ...soak(wave),
    ...webhook(wave),
    ...approval(wave, 'AFTER'),
  ];
}

/** A gate that each cluster of the wave passes by itself: red with the first that failed at it, also when that one went back since. */
function ofClusters(kind: FailureGate, wave: RolloutWave, tallies: readonly PhaseTally[]): ShownGate {
  const mine = tallies.filter(({ gate }) => gate === kind);
  const red = mine.find(({ phase }) => phase === 'FAILED' || isGoingBack(phase));
  const updated = wave.phase === 'SOAKING' || wave.phase === 'CHECKING' || wave.phase === 'DONE';
  return { kind, status: red !== undefined ? 'RED' : updated ? 'GREEN' : 'PENDING', evidence: evidenceOf(kind, wave, tallies, (red ?? mine[0])?.reasons[0]) };
}

/** Why the gate is as it is; once the wave goes back, how far that is: what was counted before is no more. */
function evidenceOf(kind: FailureGate, { size }: RolloutWave, tallies: readonly PhaseTally[], reason: string | undefined): string {
  const count = (counted: ClusterPhase): number => tallies.reduce((sum, { phase, count: each }) => sum + (phase === counted ? each : 0), 0);
  if (tallies.some(({ phase }) => isGoingBack(phase))) return `${count('ROLLED_BACK')} of ${size} rolled back, ${count('ROLLING_BACK')} on the way back`;
  if (reason !== undefined) return reason;
  return kind === 'APPLIED' ? `${count('UPDATED')} of ${size} updated, ${count('UPDATING')} on the way, ${count('FAILED')} failed` : 'nothing found';
}

function isGoingBack(phase: ClusterPhase): boolean {
  return phase === 'ROLLING_BACK' || phase === 'ROLLED_BACK';
}

function approval(wave: RolloutWave, when: 'BEFORE' | 'AFTER'): ShownGate[] {
  const gate = wave.gates.approval;
  if (gate?.when !== when) return [];
  const by = wave.approvals.map((given) => given.by);
  const evidence = `${by.length} of ${gate.count} (${gate.role.toLowerCase()} or above)${by.length === 0 ? '' : `: ${by.join(', ')}`}`;
  return [{ kind: when === 'BEFORE' ? 'APPROVAL_BEFORE' : 'APPROVAL_AFTER', status: by.length >= gate.count ? 'GREEN' : 'PENDING', evidence }];
}

function soak(wave: RolloutWave): ShownGate[] {
  if (wave.soakSeconds === 0) return [];
  const over = wave.phase === 'CHECKING' || wave.phase === 'DONE';
  if (over && wave.promoted !== null && (wave.doneAt ?? wave.promoted.at) < (wave.soakUntil ?? 0)) return [{ kind: 'SOAK', status: 'SKIPPED', evidence: `promoted by ${wave.promoted.by}` }];
  const evidence = wave.soakUntil === null ? `${wave.soakSeconds} s, when the wave is updated` : `until ${new Date(wave.soakUntil).toISOString()}`;
  return [{ kind: 'SOAK', status: over ? 'GREEN' : 'PENDING', evidence }];
}

function webhook({ gates, webhook: state, promoted }: RolloutWave): ShownGate[] {
  if (gates.webhook === undefined) return [];
  if (promoted !== null && state?.answer !== 'PASS') return [{ kind: 'WEBHOOK', status: 'SKIPPED', evidence: `promoted by ${promoted.by}` }];
  const status = state?.answer === 'PASS' ? 'GREEN' : state?.answer === 'FAIL' ? 'RED' : 'PENDING';
  return [{ kind: 'WEBHOOK', status, evidence: state === null ? 'asked when the wave is good' : `${state.evidence ?? 'no answer yet'} (call ${state.attempt})` }];
}
