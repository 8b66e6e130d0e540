import { compareText, normalizeState, sameEntry } from '@meshfleet/protocol';
import type { DesiredEntry, DesiredState, Tombstone } from '@meshfleet/protocol';
import type { KubeObject } from '@meshfleet/model';
import { claimObjects } from './claim-objects.ts';
import type { Assignment, Bodies, LostClaim } from './claim-objects.ts';
import { sameShare } from './share-metadata.ts';
import type { Share } from './share-metadata.ts';
import { withholdEntries } from './withhold-entries.ts';
import type { Withheld } from './withhold-entries.ts';

/**
 * Policies under whose name an object may still lie in the cluster although another one holds the key by now: pairs of
 * key and policy id, sorted; or although the agent is too old to be asked for it. An agent deletes an object only by a tombstone that names the policy it was applied for, so
 * this must not be forgotten before the agent has acknowledged the change of hands.
 */
export type Residue = readonly (readonly [key: string, policyId: string])[];

/** Who has what of the objects that several policies set labels and annotations of; sorted by key. */
export type Shares = readonly (readonly [key: string, shares: readonly Share[]])[];

export interface CompositionInput {
  readonly assignments: readonly Assignment[];
  /** What the cluster's current revision holds; the empty state before the first. Absent shares: there are none. */
  readonly previous: { readonly state: DesiredState; readonly residue: Residue; readonly shares?: Shares | undefined };
  /** Bodies of what several policies set labels and annotations of (`sharedHashes`). Of one that is not there, the older policy has the whole object. */
  readonly bodies?: Bodies;
  /** The agent has acknowledged the current revision, in the current epoch: all its tombstones were carried out. */
  readonly acknowledged: boolean;
  /** Objects that the agent reported as FAILED: of these an acknowledgement proves nothing. */
  readonly failedKeys: ReadonlySet<string>;
  /** What the agent says it understands; null (and absent) while it is not known. */
  readonly features?: readonly string[] | null;
}

export interface Composition {
  /** False when the cluster should hold what it is already asked to hold. Then `state` is the previous one. */
  readonly changed: boolean;
  readonly state: DesiredState;
  readonly residue: Residue;
  readonly shares: Shares;
  /** Bodies by hash of entries that come of several policies' labels and annotations: to be stored with the state. */
  readonly merged: ReadonlyMap<string, KubeObject>;
  readonly lost: readonly LostClaim[];
  /** Objects that the agent is too old for: the state says nothing of them, and they are let be. */
  readonly withheld: readonly Withheld[];
  /** Policies whose objects in this cluster differ from the previous revision's: they are pending again. */
  readonly touchedPolicies: ReadonlySet<string>;
}

/**
 * Derives what one cluster should hold from the policies assigned to it and from what it was asked to hold before.
 *
 * - Entries: every object of every assigned policy, once, that the agent understands; of two policies that want one object the older holds it.
 *   Labels and annotations of what is somebody else's are held one by one: one entry says those of all policies.
 * - Tombstones: every object that may still lie in the cluster by our doing and that nobody wants, one for each policy
 *   that it may have been applied for. They stay until the agent has acknowledged them without a failure, and go then
 *   with the next change: forgetting alone is no reason for a new revision.
 *
 * The answer does not depend on the order of the assignments, and composing again from it changes nothing.
 */
export function composeDesiredState(input: CompositionInput): Composition {
  const { previous } = input;
  const claims = claimObjects(input.assignments, input.bodies);
  const wanted: DesiredEntry[] = [];
  for (const [key, { assignment, hash, mode, takeOver, conflicts: own }] of claims.holders) {
    const { policyId, drift, conflicts } = assignment;
    wanted.push({ key, hash, policyId, drift, conflicts: own ?? conflicts, ...(mode === undefined ? {} : { mode }), ...(takeOver === undefined ? {} : { takeOver }) });
  }

  const understood = withholdEntries(wanted, input.features ?? null);
  const { entries } = understood;
  const withheldKeys = new Set(understood.withheld.map(({ key }) => key));
  const withheld = understood.withheld.flatMap((each) => (claims.holders.get(each.key)?.shares ?? [each]).map(({ policyId }) => ({ ...each, policyId })));
  const shares = [...claims.holders].flatMap(([key, holder]) => (holder.shares === undefined || withheldKeys.has(key) ? [] : [[key, holder.shares] as const])).sort((a, b) => compareText(a[0], b[0]));
  const { lost, merged } = claims;

  const touchedPolicies = policiesBetween({ entries: previous.state.entries, shares: previous.shares ?? [] }, { entries, shares });
  if (touchedPolicies.size === 0) {
    return { changed: false, state: previous.state, residue: previous.residue, shares: previous.shares ?? [], merged, lost, withheld, touchedPolicies };
  }

  const tombstones: Tombstone[] = [];
  const residue: [string, string][] = [];
  for (const [key, policies] of mayLieInCluster(input)) {
    const holder = claims.holders.get(key)?.assignment.policyId;
    for (const policyId of policies) {
      if (holder === undefined) tombstones.push({ key, policyId });
      else if (holder !== policyId || withheldKeys.has(key)) residue.push([key, policyId]);
    }
  }
  residue.sort((a, b) => compareText(a[0], b[0]) || compareText(a[1], b[1]));
  return { changed: true, state: normalizeState({ entries, tombstones }), residue, shares, merged, lost, withheld, touchedPolicies };
}

/** For every key: the policies that an object of that key, if the cluster holds one of ours, can have been applied for. */
function mayLieInCluster(input: CompositionInput): Map<string, Set<string>> {
  const { state, residue } = input.previous;
  const policies = new Map<string, Set<string>>();
  const add = (key: string, policyId: string): void => {
    const known = policies.get(key);
    if (known === undefined) policies.set(key, new Set([policyId]));
    else known.add(policyId);
  };
  const settled = (key: string): boolean => input.acknowledged && !input.failedKeys.has(key);
  const listed = new Set(state.entries.map(({ key }) => key));
  for (const entry of state.entries) add(entry.key, entry.policyId);
  for (const { key, policyId } of state.tombstones) if (!settled(key)) add(key, policyId);
  // An acknowledgement of a state that says nothing of an object proves nothing of it: the agent is too old to be asked for it.
  for (const [key, policyId] of residue) if (!settled(key) || !listed.has(key)) add(key, policyId);
  return policies;
}

interface Held {
  readonly entries: readonly DesiredEntry[];
  readonly shares: Shares;
}

function policiesBetween(before: Held, after: Held): Set<string> {
  const touched = new Set<string>();
  const left = new Map(before.entries.map((entry) => [entry.key, entry]));
  const [oldShares, newShares] = [new Map(before.shares), new Map(after.shares)];
  for (const entry of after.entries) {
    const old = left.get(entry.key);
    left.delete(entry.key);
    const between = sharersBetween(old === undefined ? [] : (oldShares.get(entry.key) ?? [alone(old)]), newShares.get(entry.key) ?? [alone(entry)]);
    for (const policyId of between) touched.add(policyId);
    if (between.length === 0 && (old === undefined || !sameEntry(old, entry))) touched.add(entry.policyId);
  }
  for (const entry of left.values()) for (const { policyId } of oldShares.get(entry.key) ?? [entry]) touched.add(policyId);
  return touched;
}

/** What the only policy of an object has of it: all. */
const alone = ({ policyId, hash, drift, conflicts, takeOver }: DesiredEntry): Share => ({ policyId, hash, fields: [], drift, conflicts, takeOver });

/** Policies that came, went, or have something else of an object than before. */
function sharersBetween(before: readonly Share[], after: readonly Share[]): string[] {
  const [had, has] = [new Map(before.map((share) => [share.policyId, share])), new Map(after.map((share) => [share.policyId, share]))];
  return [...new Set([...had.keys(), ...has.keys()])].filter((policyId) => !sameShare(had.get(policyId), has.get(policyId)));
}
