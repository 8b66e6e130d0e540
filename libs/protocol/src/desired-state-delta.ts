import { MeshfleetError, contentHash } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { compareText } from './apply-order.ts';
import { digestOf, normalizeState, sameEntry } from './desired-state.ts';
import type { DesiredEntry, DesiredState, OrganizationMode, Tombstone } from './desired-state.ts';

/** An entry that is new or changed; `object` is left out when the base holds the same content under the same key. */
export interface DeltaEntry extends DesiredEntry {
  readonly object?: KubeObject;
}

/** What leads from a base to a target. Says nothing of whom it is for: see {@link DesiredStateDelta}. */
export interface StateChange {
  /** Digest of the state that it builds on; null: it is complete in itself. */
  readonly base: string | null;
  /** Digest of the state that it leads to. */
  readonly digest: string;
  readonly upsert: readonly DeltaEntry[];
  /** Keys of the base that are listed no longer. Being here deletes nothing: only a tombstone does. */
  readonly remove: readonly string[];
  /** All of the target's, not a delta. */
  readonly tombstones: readonly Tombstone[];
}

/** The body of `GET /agent/v1/state`. */
export interface DesiredStateDelta extends StateChange {
  readonly protocol: 1;
  readonly organizationId: string;
  readonly clusterId: string;
  readonly epoch: number;
  readonly revision: number;
  readonly mode: OrganizationMode;
  /** Deletions that a person allowed beyond the agent's guard, for this revision. */
  readonly approvedDeletions: number;
  /** ISO 8601, from the hub's database clock. */
  readonly issuedAt: string;
}

/**
 * The change from `base` (undefined: from nothing) to `target`. Contents travel only where the base lacks them.
 * @param contentOf the object with a content hash
 * @throws MeshfleetError STATE_CORRUPT when a content that must travel is not known
 */
export function deltaBetween(
  base: DesiredState | undefined,
  target: DesiredState,
  contentOf: (hash: string) => KubeObject | undefined,
): StateChange {
  const before = new Map((base?.entries ?? []).map((entry) => [entry.key, entry]));
  const { entries, tombstones } = normalizeState(target);
  const upsert: DeltaEntry[] = [];
  for (const entry of entries) {
    const old = before.get(entry.key);
    before.delete(entry.key);
    if (old !== undefined && sameEntry(old, entry)) continue;
    upsert.push(old?.hash === entry.hash ? entry : { ...entry, object: known(contentOf(entry.hash), entry) });
  }
  return {
    base: base === undefined ? null : digestOf(base),
    digest: digestOf(target),
    upsert,
    remove: [...before.keys()].sort(compareText),
    tombstones,
  };
}

/**
 * The state that a change leads to. Checks everything that can be checked: that it builds on this base, that contents
 * have the hash that they are listed under, that the result has the digest that was promised.
 * @throws MeshfleetError STATE_CORRUPT; the base is untouched and stays in force
 */
export function applyDelta(base: DesiredState | undefined, change: StateChange): DesiredState {
  if (change.base !== null && (base === undefined || digestOf(base) !== change.base)) {
    throw corrupt(`it builds on the state ${change.base}, which is not the one held here`);
  }
  const start = change.base === null ? [] : (base?.entries ?? []);
  const entries = new Map(start.map((entry) => [entry.key, entry]));
  for (const key of change.remove) {
    if (!entries.delete(key)) throw corrupt(`it removes ${key}, which the base does not list`);
  }
  for (const { object, ...entry } of change.upsert) {
    const held = entries.get(entry.key);
    if (object === undefined && held?.hash !== entry.hash) throw corrupt(`the content of ${entry.key} is missing`);
    if (object !== undefined && contentHash(object) !== entry.hash) throw corrupt(`the content of ${entry.key} has another hash`);
    entries.set(entry.key, entry);
  }
  const state = normalizeState({ entries: [...entries.values()], tombstones: change.tombstones });
  const digest = digestOf(state);
  if (digest !== change.digest) throw corrupt(`it leads to the digest ${digest} and promises ${change.digest}`);
  return state;
}

function known(object: KubeObject | undefined, entry: DesiredEntry): KubeObject {
  if (object !== undefined) return object;
  throw corrupt(`the content ${entry.hash} of ${entry.key} is not stored`);
}

function corrupt(why: string): MeshfleetError {
  return new MeshfleetError({
    code: 'STATE_CORRUPT',
    summary: 'A desired state does not fit together',
    why,
    fix: 'Nothing was changed. Ask for the whole state (have=none).',
  });
}
