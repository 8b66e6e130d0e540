import { hasEnded } from '@meshfleet/planner';
import type { RolloutWave } from '@meshfleet/planner';
import { keysMayMeet } from './keys-may-meet.ts';
import type { Desired, Happened, RolloutWritten, WordWritten } from './record-history.ts';

/** A value of ours that was seen in a cluster. */
export interface Sighting {
  readonly clusterId: string;
  readonly policyId: string;
  readonly version: number;
  /** When it had been read. */
  readonly at: number;
}

/**
 * Holds what happened against what rollouts promise; returns each breach in words. It knows the promises and none of the
 * code that keeps them: it reads what was written, in the order in which it was.
 */
export function judgeHistory(history: readonly Happened[], sightings: readonly Sighting[]): string[] {
  return [...new Set([...neverBeyondTheWave(history), ...neverPastARedGate(history), ...neverInterleaved(history), ...backToWhatWas(history), ...heldOnlyWhatWasTold(history, sightings), ...onceEach(history)])];
}

const TOLD = new Set(['UPDATING', 'UPDATED', 'FAILED']);

/** A cluster is told of the target only by a wave that is open; else it is told what it held. */
function* neverBeyondTheWave(history: readonly Happened[]): Generator<string> {
  for (const word of history) {
    if (word.kind !== 'WORD' || word.held === word.target) continue;
    const wave = word.state?.waves[word.wave];
    if (word.version === word.target && (wave === undefined || wave.openedAt === null || word.wave > (word.state?.wave ?? -1))) yield `${named(word)} was told of the target before its wave was open`;
    if (word.version !== word.target && word.version !== word.held) yield `${named(word)} was told of something else than what it held or the target`;
    if (!TOLD.has(word.phase) && word.phase !== 'GONE' && word.phase !== 'PENDING' && word.version === word.target) yield `${named(word)} is ${word.phase} and asked to hold the target`;
  }
}

/** A wave opens when all before it are done: approved, answered, and with no more failures than are forgiven. */
function* neverPastARedGate(history: readonly Happened[]): Generator<string> {
  const words = new Map<string, WordWritten>();
  const opened = new Map<string, number>();
  for (const row of history) {
    if (row.kind === 'WORD') words.set(`${row.rolloutId} ${row.clusterId}`, row);
    if (row.kind !== 'ROLLOUT' || !row.planned) continue;
    const open = row.state.waves.filter(({ openedAt }) => openedAt !== null).length;
    const before = opened.get(row.rolloutId) ?? 0;
    opened.set(row.rolloutId, open);
    if (open <= before) continue;
    const index = row.state.waves.findLastIndex(({ openedAt }) => openedAt !== null);
    const own = row.state.waves[index];
    for (const [at, wave] of row.state.waves.slice(0, index).entries()) yield* redAt(row, at, wave);
    if (own !== undefined && missing(own, 'BEFORE')) yield `${row.rolloutId}: ${own.name} began without its approvals`;
    const failed = [...words.values()].filter(({ rolloutId, phase, accepted, wave }) => rolloutId === row.rolloutId && phase === 'FAILED' && !accepted && wave < index).length;
    if (failed > (row.strategy.failureBudget.count ?? 0)) yield `${row.rolloutId}: ${own?.name ?? ''} began though ${failed} had failed`;
  }
}

function* redAt({ rolloutId }: RolloutWritten, at: number, wave: RolloutWave): Generator<string> {
  if (wave.phase !== 'DONE') yield `${rolloutId}: a wave began before ${wave.name} (${at}) was done`;
  if (wave.openedAt === null) return;
  if (missing(wave, 'BEFORE') || missing(wave, 'AFTER')) yield `${rolloutId}: ${wave.name} was passed without its approvals`;
  if (wave.promoted !== null) return;
  if (wave.gates.webhook !== undefined && wave.webhook?.answer !== 'PASS') yield `${rolloutId}: ${wave.name} was passed though its webhook had not said yes`;
  if ((wave.doneAt ?? 0) - wave.openedAt < wave.soakSeconds * 1000) yield `${rolloutId}: ${wave.name} was not watched for ${wave.soakSeconds} s`;
}

function missing({ gates, approvals }: RolloutWave, when: 'BEFORE' | 'AFTER'): boolean {
  return gates.approval?.when === when && new Set(approvals.map(({ by }) => by)).size < gates.approval.count;
}

/** From the first cluster that it tells to its end, a rollout is alone with its objects in its clusters. */
function* neverInterleaved(history: readonly Happened[]): Generator<string> {
  const under = new Map<string, { readonly row: RolloutWritten; readonly clusters: Set<string> }>();
  const reached = new Map<string, Set<string>>();
  for (const row of history) {
    if (row.kind === 'WORD') reached.set(row.rolloutId, (reached.get(row.rolloutId) ?? new Set()).add(row.clusterId));
    if (row.kind !== 'ROLLOUT') continue;
    if (!row.active) under.delete(row.rolloutId);
    else if (row.planned && row.state.startedAt !== null && !under.has(row.rolloutId)) {
      const clusters = reached.get(row.rolloutId) ?? new Set();
      for (const other of under.values()) {
        const shared = [...other.clusters].some((id) => clusters.has(id));
        if (shared && keysMayMeet(other.row.objectKeys, row.objectKeys)) yield `${row.rolloutId} began while ${other.row.rolloutId} was under way, and both may touch the same object`;
      }
      under.set(row.rolloutId, { row, clusters });
    }
  }
}

/**
 * After a rollback each cluster is assigned what it was when the rollout was planned; whoever confirmed is asked to hold the same, entry by entry,
 * unless what it was assigned was yet to be compiled then.
 */
function* backToWhatWas(history: readonly Happened[]): Generator<string> {
  const assigned = new Map<string, number | null>();
  const desired = new Map<string, Desired['entries']>();
  const began = new Map<string, { readonly version: number | null; readonly entries: string | undefined }>();
  const uncompiled = new Set<string>();
  const policies = new Map<string, string>();
  const words = new Map<string, WordWritten>();
  const entriesOf = (policyId: string, clusterId: string): string => JSON.stringify((desired.get(clusterId) ?? []).filter((entry) => entry.policyId === policyId));
  const check = function* ({ rolloutId, policyId }: RolloutWritten): Generator<string> {
    for (const word of words.values()) {
      if (word.rolloutId !== rolloutId) continue;
      const was = began.get(`${rolloutId} ${word.clusterId}`);
      const now = assigned.get(`${policyId} ${word.clusterId}`) ?? null;
      if (now !== was?.version) yield `${named(word)} held ${was?.version ?? null} before the rollout, and ${now} after its rollback`;
      if (word.phase === 'ROLLED_BACK' && word.reason === null && was?.entries !== undefined && entriesOf(policyId, word.clusterId) !== was.entries) yield `${named(word)} is not asked to hold again exactly what it was`;
    }
  };
  for (const [index, row] of history.entries()) {
    if (row.kind === 'ASSIGNED') {
      assigned.set(`${row.policyId} ${row.clusterId}`, row.version);
      uncompiled.add(row.clusterId);
    }
    if (row.kind === 'DESIRED') {
      desired.set(row.clusterId, row.entries);
      uncompiled.delete(row.clusterId);
    }
    if (row.kind === 'ROLLOUT') policies.set(row.rolloutId, row.policyId);
    if (row.kind === 'WORD') {
      const policyId = policies.get(row.rolloutId) ?? '';
      const key = `${row.rolloutId} ${row.clusterId}`;
      const version = assigned.get(`${policyId} ${row.clusterId}`) ?? null;
      if (!words.has(key)) {
        began.set(key, { version, entries: uncompiled.has(row.clusterId) ? undefined : entriesOf(policyId, row.clusterId) });
        if (row.held !== version) yield `${named(row)} was noted to hold ${row.held}, and held ${version}`;
      }
      words.set(key, row);
    }
    // When everything that the transaction of its end has written is written.
    if (history[index + 1]?.tx === row.tx) continue;
    for (const ended of history.slice(0, index + 1).filter(({ tx }) => tx === row.tx)) {
      if (ended.kind === 'ROLLOUT' && !ended.active && ended.state.status === 'ROLLED_BACK') yield* check(ended);
    }
  }
}

/** No cluster ever held what it had not been told of. */
function* heldOnlyWhatWasTold(history: readonly Happened[], sightings: readonly Sighting[]): Generator<string> {
  for (const { clusterId, policyId, version, at } of sightings) {
    const told = history.flatMap((row) => (row.kind === 'ASSIGNED' && row.clusterId === clusterId && row.policyId === policyId && row.version === version ? [row.at] : []));
    if (!told.some((each) => each <= at)) yield `cluster ${clusterId} held version ${version} of policy ${policyId} without having been told${told[0] === undefined ? '' : `, ${Math.round(told[0] - at)} ms before it was`}`;
  }
}

/** Each wave opens once and is done once, each rollout ends once, and nothing is written of it after. */
function* onceEach(history: readonly Happened[]): Generator<string> {
  const states = new Map<string, RolloutWritten>();
  for (const row of history) {
    if (row.kind !== 'ROLLOUT') continue;
    const before = states.get(row.rolloutId);
    states.set(row.rolloutId, row);
    if (before === undefined || !before.planned) continue;
    if (hasEnded(before.state.status)) yield `${row.rolloutId} was written again after its end`;
    for (const [index, wave] of before.state.waves.entries()) {
      const now = row.state.waves[index];
      if (wave.openedAt !== null && now?.openedAt !== wave.openedAt) yield `${row.rolloutId}: ${wave.name} was opened twice`;
      if (wave.doneAt !== null && now?.doneAt !== wave.doneAt) yield `${row.rolloutId}: ${wave.name} was done twice`;
      if ((now?.approvals.length ?? 0) < wave.approvals.length) yield `${row.rolloutId}: ${wave.name} lost an approval`;
    }
  }
}

function named({ rolloutId, clusterId, wave }: WordWritten): string {
  return `${rolloutId}: cluster ${clusterId} of wave ${wave}`;
}
