import { canonicalJson } from '@meshfleet/model';
import { applyRank, compareText } from './apply-order.ts';
import { sha256Hex } from './sha256.ts';

export type DriftMode = 'CORRECT' | 'REPORT';
export type ConflictMode = 'REPORT' | 'FORCE';
export type OrganizationMode = 'ENFORCE' | 'OBSERVE';
/** METADATA: of an object that is somebody else's, labels and annotations alone. It is never created and never deleted. */
export type EntryMode = 'METADATA';

/** One object that a cluster should hold, and how the policy wants it treated. */
export interface DesiredEntry {
  /** `formatObjectKey`: `VirtualService.networking.istio.io/shop/reviews`. */
  readonly key: string;
  /** Content hash of the object (SHA-256 of canonical JSON, hexadecimal). */
  readonly hash: string;
  readonly policyId: string;
  readonly drift: DriftMode;
  readonly conflicts: ConflictMode;
  /** Absent: the whole object. */
  readonly mode?: EntryMode | undefined;
  /** Fields that are taken of other managers although `conflicts` says to report, sorted; see `coversField`. Absent: none. */
  readonly takeOver?: readonly string[] | undefined;
}

/** The only thing that may make an agent delete an object. */
export interface Tombstone {
  readonly key: string;
  readonly policyId: string;
}

/** What one cluster should hold: entries in apply order, tombstones by key and policy. What the digest covers. */
export interface DesiredState {
  readonly entries: readonly DesiredEntry[];
  readonly tombstones: readonly Tombstone[];
}

export const EMPTY_STATE: DesiredState = { entries: [], tombstones: [] };

/** The same state in the one order that states have; entries and tombstones may come in any. */
export function normalizeState(state: DesiredState): DesiredState {
  return {
    entries: sortByApplyOrder(state.entries),
    tombstones: [...state.tombstones].sort(compareTombstones),
  };
}

/**
 * SHA-256 over what the state says, independent of the order in which it is given. Modes and take-overs count only where there are some:
 * agents that do not know of them agree on every state without, and refuse any with, since they cannot come to its digest.
 */
export function digestOf(state: DesiredState): string {
  const { entries, tombstones } = normalizeState(state);
  return sha256Hex(
    canonicalJson({
      entries: entries.map(({ key, hash, policyId, drift, conflicts, mode, takeOver }) => {
        const more = takeOver === undefined ? (mode === undefined ? [] : [mode]) : [mode ?? null, takeOver];
        return [key, hash, policyId, drift, conflicts, ...more];
      }),
      tombstones: tombstones.map(({ key, policyId }) => [key, policyId]),
    }),
  );
}

/** SHA-256 over what is asked of one object, and how. */
export const digestOfEntry = (entry: DesiredEntry): string => digestOf({ entries: [entry], tombstones: [] });

/** Whether two entries ask for the same, in the same way. */
export function sameEntry(left: DesiredEntry, right: DesiredEntry): boolean {
  return (
    left.hash === right.hash &&
    left.policyId === right.policyId &&
    left.drift === right.drift &&
    left.conflicts === right.conflicts &&
    left.mode === right.mode &&
    (left.takeOver ?? []).join() === (right.takeOver ?? []).join()
  );
}

/** Order of tombstones in a state: by key, then by policy. */
export function compareTombstones(left: Tombstone, right: Tombstone): number {
  return compareText(left.key, right.key) || compareText(left.policyId, right.policyId);
}

/** Sorts by apply order, working out each rank once: states have thousands of entries. */
function sortByApplyOrder(entries: readonly DesiredEntry[]): readonly DesiredEntry[] {
  return entries
    .map((entry) => ({ entry, rank: applyRank(entry.key) }))
    .sort((left, right) => left.rank - right.rank || compareText(left.entry.key, right.entry.key))
    .map(({ entry }) => entry);
}
