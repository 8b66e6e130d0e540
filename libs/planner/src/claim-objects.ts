import type { KubeObject } from '@meshfleet/model';
import type { EntryMode } from '@meshfleet/protocol';
import { shareMetadata } from './share-metadata.ts';
import type { MetadataClaim, Share } from './share-metadata.ts';

/** One object that a policy wants: its content by hash, whether only its labels and annotations are asked for, and what is taken of others. */
export interface AssignedObject {
  readonly key: string;
  readonly hash: string;
  readonly mode?: EntryMode | undefined;
  /** Instead of what the policy says of conflicts. */
  readonly conflicts?: 'FORCE' | undefined;
  /** Fields that are taken of other managers; sorted, never empty. */
  readonly takeOver?: readonly string[] | undefined;
  /** From then on (ISO 8601, UTC) no cluster is asked to hold it. */
  readonly expiresAt?: string | undefined;
}

/** A policy as it is assigned to one cluster. */
export interface Assignment {
  readonly policyId: string;
  readonly policyName: string;
  /** When the policy was created, in milliseconds: the older policy keeps what two want. */
  readonly createdAt: number;
  readonly version: number;
  readonly objects: readonly AssignedObject[];
  readonly drift: 'CORRECT' | 'REPORT';
  readonly conflicts: 'REPORT' | 'FORCE';
}

/** An object that a policy wants and does not get, because an older policy holds it; or these fields of it. */
export interface LostClaim {
  readonly key: string;
  readonly policyId: string;
  readonly heldBy: { readonly policyId: string; readonly policyName: string };
  /** Labels and annotations that are lost of it; absent: all of the object. */
  readonly fields?: readonly string[];
}

/** Who holds an object: of several that set labels and annotations of it, the oldest. */
export interface Holder extends AssignedObject {
  readonly assignment: Assignment;
  /** What each has of it, where several have. */
  readonly shares?: readonly Share[];
}

export interface Claims {
  /** Who holds each wanted key. */
  readonly holders: ReadonlyMap<string, Holder>;
  readonly lost: readonly LostClaim[];
  /** Bodies by hash that come of several policies' labels and annotations. */
  readonly merged: ReadonlyMap<string, KubeObject>;
}

/** Bodies by hash, as far as they are needed: of objects that several policies set labels and annotations of. */
export type Bodies = Pick<ReadonlyMap<string, KubeObject>, 'get'>;

/**
 * Settles which policy holds each object of a cluster. The oldest wins, and of two equally old the smaller id: a total
 * order over policies that no event changes, so that an object never goes to and fro between two of them. Of what is
 * somebody else's, and only labelled, each label and annotation is held by itself.
 */
export function claimObjects(assignments: readonly Assignment[], bodies: Bodies = NO_BODIES): Claims {
  const holders = new Map<string, Holder>();
  const lost: LostClaim[] = [];
  const merged = new Map<string, KubeObject>();
  for (const [key, wanted] of wantedObjects(assignments)) {
    const [first] = wanted;
    if (first === undefined) continue;
    const claims = metadataClaims(wanted, bodies);
    if (claims === undefined) {
      holders.set(key, { ...first.object, assignment: first.assignment });
      const { policyId, policyName } = first.assignment;
      for (const { assignment } of wanted.slice(1)) lost.push({ key, policyId: assignment.policyId, heldBy: { policyId, policyName } });
      continue;
    }
    const shared = shareMetadata(key, claims);
    lost.push(...shared.lost);
    const [oldest] = shared.shares;
    const holder = claims.find(({ assignment }) => assignment.policyId === oldest?.policyId) ?? first;
    // A single one that has all that it asks for is as if there were no other.
    if (shared.shares.length < 2) holders.set(key, { ...holder.object, assignment: holder.assignment });
    else {
      const { drift, conflicts } = shared;
      holders.set(key, { ...shared.object, assignment: { ...holder.assignment, drift, conflicts }, shares: shared.shares });
      merged.set(shared.object.hash, shared.body);
    }
  }
  return { holders, lost, merged };
}

const NO_BODIES: Bodies = new Map();

interface Wanted {
  readonly assignment: Assignment;
  readonly object: AssignedObject;
}

/** Who wants each key, oldest first. */
function wantedObjects(assignments: readonly Assignment[]): Map<string, Wanted[]> {
  const wanted = new Map<string, Wanted[]>();
  for (const assignment of [...assignments].sort(olderFirst)) {
    for (const object of assignment.objects) {
      const known = wanted.get(object.key);
      if (known === undefined) wanted.set(object.key, [{ assignment, object }]);
      // What a policy says of one object twice it says first.
      else if (known.at(-1)?.assignment.policyId !== assignment.policyId) known.push({ assignment, object });
    }
  }
  return wanted;
}

/** Undefined where one policy holds the whole object: it is nobody else's, or no other wants it, or what they want of it is not known. */
function metadataClaims(wanted: readonly Wanted[], bodies: Bodies): readonly MetadataClaim[] | undefined {
  if (wanted.length < 2) return undefined;
  const claims = wanted.flatMap(({ assignment, object }) => {
    const body = object.mode === 'METADATA' ? bodies.get(object.hash) : undefined;
    return body === undefined ? [] : [{ assignment, object, body }];
  });
  return claims.length === wanted.length ? claims : undefined;
}

/** Hashes of what several policies of these want labels and annotations of: whose bodies {@link claimObjects} needs. */
export function sharedHashes(assignments: readonly Assignment[]): string[] {
  const wanted = new Map<string, AssignedObject[]>();
  for (const object of assignments.flatMap(({ objects }) => objects)) {
    if (object.mode !== 'METADATA') continue;
    const known = wanted.get(object.key);
    if (known === undefined) wanted.set(object.key, [object]);
    else known.push(object);
  }
  return [...new Set([...wanted.values()].flatMap((objects) => (objects.length < 2 ? [] : objects.map(({ hash }) => hash))))];
}

function olderFirst(a: Assignment, b: Assignment): number {
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt;
  return a.policyId < b.policyId ? -1 : a.policyId > b.policyId ? 1 : 0;
}
