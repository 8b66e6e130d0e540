import type { ClusterPhase, RolloutWave } from './state.ts';

export type GateKind = 'APPROVAL_BEFORE' | 'APPLIED' | 'HEALTHY' | 'FINDINGS' | 'SOAK' | 'WEBHOOK' | 'APPROVAL_AFTER';

/** PENDING: not decided. GREEN: passed. RED: it stops the rollout. SKIPPED: a person has promoted the wave past it. */
export interface ShownGate {
  readonly kind: GateKind;
  readonly status: 'PENDING' | 'GREEN' | 'RED' | 'SKIPPED';
  /** What it stands on: counts, the reason why it is red, what a webhook answered, who approved. */
  readonly evidence: string;
}

/** Clusters of a wave in one phase, with a few of the reasons. */
export interface PhaseTally {
  readonly phase: ClusterPhase;
  readonly count: number;
  readonly reasons: readonly string[];
}

/** The gates of a wave in the order in which they open, as people see them. */
export function showGates(wave: RolloutWave, tallies: readonly PhaseTally[]): ShownGate[] {
  const { gates } = wave;
  const updated = wave.phase === 'SOAKING' || wave.phase === 'CHECKING' || wave.phase === 'DONE';
  const count = (phase: ClusterPhase): number => tallies.find((tally) => tally.phase === phase)?.count ?? 0;
  const failures = tallies.filter(({ phase }) => phase === 'FAILED').flatMap(({ reasons }) => reasons);
  const looming = tallies.filter(({ phase }) => phase !== 'FAILED').flatMap(({ reasons }) => reasons);
  const counts = `${count('UPDATED')} of ${wave.size} updated, ${count('UPDATING')} on the way, ${count('FAILED')} failed`;
  const about = (word: string | undefined, kind: GateKind): ShownGate => {
    const mine = (reason: string): boolean => (word === undefined ? !OTHERS.some((other) => reason.includes(other)) : reason.includes(word));
    const red = failures.find(mine);
    const evidence = red ?? looming.find(mine) ?? (word === undefined ? counts : 'nothing found');
    return { kind, status: red !== undefined ? 'RED' : updated ? 'GREEN' : 'PENDING', evidence };
  };
  return [
    ...approval(wave, 'BEFORE'),
    about(undefined, 'APPLIED'),
    ...(gates.healthy ? [about(UNHEALTHY, 'HEALTHY')] : []),
    ...(gates.findings ? [about(NEW_ERROR, 'FINDINGS')] : []),
    ...soak(wave),
    ...webhook(wave),
    ...approval(wave, 'AFTER'),
  ];
}

/** How reasons of failed clusters begin (judge-clusters.ts). */
export const UNHEALTHY = 'not healthy: ';
export const NEW_ERROR = 'the analysis finds a new error: ';
const OTHERS = [UNHEALTHY, NEW_ERROR];

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
