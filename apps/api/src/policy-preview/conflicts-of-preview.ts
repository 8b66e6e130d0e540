import { sameEntry, type DesiredEntry } from '@meshfleet/protocol';
import { readInventoryObjects, type Tx } from '@meshfleet/store';
import type { RequestScope } from '../request/request-scope.ts';
import type { PreviewPlan } from '../planned-change/plan-change.ts';
import type { ClusterPreview } from '../planned-change/preview-clusters.ts';

/** Somebody else who has, or wants, an object that the policy names. */
export interface PreviewConflict {
  readonly key: string;
  readonly reason: 'HELD_BY_OLDER_POLICY' | 'OBJECT_EXISTS';
  /** The other policy's id. */
  readonly policyId: string | null;
  /** The field manager that wrote the object, as the agent reported it last. */
  readonly manager: string | null;
  readonly message: string;
}

interface Pair {
  readonly clusterId: string;
  readonly key: string;
}

const OWNER = Symbol('who wrote an object of a cluster');

/**
 * What stands beside a policy's objects in one cluster: older policies that keep what both want, and objects that are
 * there already and that somebody else wrote. Which fields the two disagree about only a dry run by the agent can tell.
 */
export async function conflictsOf(scope: RequestScope, plan: PreviewPlan, { loaded, composition }: ClusterPreview): Promise<PreviewConflict[]> {
  const lost = composition.lost
    .filter((claim) => claim.policyId === plan.policyId)
    .map(({ key, heldBy, fields }): PreviewConflict => ({
      key,
      reason: 'HELD_BY_OLDER_POLICY',
      policyId: heldBy.policyId,
      manager: null,
      message: fields === undefined ? `The older policy ${heldBy.policyName} keeps it.` : `The older policy ${heldBy.policyName} keeps ${fields.join(', ')} of it; the rest is set.`,
    }));
  const before = new Map(loaded.previous.state.entries.map((entry) => [entry.key, entry]));
  // Labels and annotations are set on what is somebody else's anyway; which of them others hold, a dry run tells. Of what the
  // policy asked for before and could not take, it is as much to be told as of what it asks for now.
  const written = composition.state.entries.filter((entry) => entry.policyId === plan.policyId && entry.mode === undefined && !isHeld(before.get(entry.key), entry));
  const owners = await Promise.all(written.map(async ({ key }) => ({ key, manager: await ownerOf(scope, { clusterId: loaded.id, key }) })));
  const takes = new Map(written.map((entry) => [entry.key, entry]));
  const existing = owners
    .filter((owner): owner is { key: string; manager: string } => owner.manager !== undefined)
    .map(({ key, manager }): PreviewConflict => ({
      key,
      reason: 'OBJECT_EXISTS',
      policyId: null,
      manager,
      message: `It is there already, written by ${manager}: ${whatComes(takes.get(key))}`,
    }));
  return [...lost, ...existing].sort((a, b) => (a.key < b.key ? -1 : 1));
}

function isHeld(before: DesiredEntry | undefined, entry: DesiredEntry): boolean {
  return before !== undefined && sameEntry(before, entry);
}

function whatComes(entry: DesiredEntry | undefined): string {
  if (entry?.conflicts === 'FORCE') return 'fields that both set are taken over.';
  if (entry?.takeOver !== undefined) return `${entry.takeOver.join(', ')} is taken over; where both set another field differently, the object fails and stays as it is.`;
  return 'where both set a field differently, the object fails and stays as it is.';
}

/** Undefined when the object is not there, or is ours. */
function ownerOf(scope: RequestScope, pair: Pair): Promise<string | undefined> {
  return scope.loader<Pair, string | undefined>(OWNER, readOwners, ({ clusterId, key }) => `${clusterId} ${key}`).load(pair);
}

async function readOwners(tx: Tx, pairs: readonly Pair[]): Promise<(string | undefined)[]> {
  const found = await readInventoryObjects(tx, pairs);
  return pairs.map(({ clusterId, key }) => {
    const row = found.get(clusterId)?.find((each) => each.key === key);
    if (row === undefined || row.body['managedBy'] === 'meshfleet') return undefined;
    return typeof row.body['managedBy'] === 'string' ? row.body['managedBy'] : 'an unknown manager';
  });
}
