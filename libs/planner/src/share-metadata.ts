import { EXPIRES_AT, contentHash, metadataFieldsOf, withMetadataFields } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { coversField } from '@meshfleet/protocol';
import type { AssignedObject, Assignment, LostClaim } from './claim-objects.ts';

/** What one policy has of an object that several set labels and annotations of. */
export interface Share {
  readonly policyId: string;
  /** Content of the object as this policy alone says it. */
  readonly hash: string;
  /** Fields that are this policy's here, as server-side apply names them: `.metadata.labels.istio-injection`. */
  readonly fields: readonly string[];
  readonly drift: 'CORRECT' | 'REPORT';
  readonly conflicts: 'REPORT' | 'FORCE';
  readonly takeOver?: readonly string[] | undefined;
  /** Older policies have others of the fields that it asks for. */
  readonly partial?: true | undefined;
}

/** Whether a policy has the same of an object, in the same way. */
export function sameShare(one: Share | undefined, other: Share | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  // All that a content asks for is the same fields; of a part it must be told which.
  const named = ({ hash, drift, conflicts, takeOver, partial, fields }: Share): string => JSON.stringify([hash, drift, conflicts, takeOver ?? [], partial === true ? fields : null]);
  return named(one) === named(other);
}

/** A policy that wants labels and annotations of an object. */
export interface MetadataClaim {
  readonly assignment: Assignment;
  readonly object: AssignedObject;
  readonly body: KubeObject;
}

export interface SharedMetadata {
  readonly object: AssignedObject;
  /** What is in `object`, with the fields of all who share it. */
  readonly body: KubeObject;
  readonly drift: 'CORRECT' | 'REPORT';
  readonly conflicts: 'REPORT' | 'FORCE';
  /** Those who have fields of it, the oldest policy first: the object is applied in the name of this one. */
  readonly shares: readonly Share[];
  readonly lost: readonly LostClaim[];
}

/** An entry names at most so many fields: an agent would refuse a state with more of them whole. */
const MOST_TAKEN = 100;

/**
 * Settles which policy sets which label and annotation of one object that several want, oldest policy first: of two that
 * set one key the older has it, and the younger has the rest of its own. One entry says all of it: it is one object, and one
 * field manager applies it.
 *
 * What an entry can say of its fields only once is said as the most careful of the policies asks: drift is reported where
 * any wants it reported, and of others nothing is taken but in fields of those who take.
 */
export function shareMetadata(key: string, claims: readonly MetadataClaim[]): SharedMetadata {
  const owners = new Map<string, Assignment>();
  const values = new Map<string, string>();
  const shares: Share[] = [];
  const lost: LostClaim[] = [];
  for (const { assignment, object, body } of claims) {
    const held: string[] = [];
    const lostTo = new Map<Assignment, string[]>();
    for (const [field, value] of claimedFields(body)) {
      const owner = owners.get(field);
      if (owner === undefined) {
        owners.set(field, assignment);
        values.set(field, value);
        held.push(field);
      } else lostTo.set(owner, [...(lostTo.get(owner) ?? []), field]);
    }
    for (const [{ policyId, policyName }, fields] of lostTo) lost.push({ key, policyId: assignment.policyId, heldBy: { policyId, policyName }, fields });
    if (held.length > 0) shares.push({ ...shareOf(assignment, object, held), ...(lostTo.size === 0 ? {} : { partial: true }) });
  }
  const body = withMetadataFields(claims[0]?.body ?? NOTHING, values);
  const takeOver = takenBy(shares);
  const object: AssignedObject = { key, hash: contentHash(body), mode: 'METADATA', ...(takeOver.length === 0 ? {} : { takeOver }) };
  return {
    object,
    body,
    drift: shares.some(({ drift }) => drift === 'REPORT') ? 'REPORT' : 'CORRECT',
    conflicts: shares.every(({ conflicts }) => conflicts === 'FORCE') ? 'FORCE' : 'REPORT',
    shares,
    lost,
  };
}

/** The labels and annotations that a policy claims. When an object ends is for the hub to know: two policies may say it of one object, each for itself. */
export function claimedFields(body: KubeObject): readonly (readonly [field: string, value: string])[] {
  return [...metadataFieldsOf(body)].filter(([field]) => field !== `.metadata.annotations.${EXPIRES_AT}`);
}

function shareOf({ policyId, drift, conflicts }: Assignment, { hash, conflicts: own, takeOver }: AssignedObject, fields: readonly string[]): Share {
  return { policyId, hash, fields, drift, conflicts: own ?? conflicts, ...(takeOver === undefined ? {} : { takeOver }) };
}

/** Fields that are taken of others: none that would have taken more than the one policy's along. */
function takenBy(shares: readonly Share[]): string[] {
  if (shares.every(({ conflicts }) => conflicts === 'FORCE')) return [];
  const takes = ({ conflicts, takeOver }: Share, field: string): boolean => conflicts === 'FORCE' || coversField(takeOver ?? [], field);
  const left = shares.flatMap((share) => share.fields.filter((field) => !takes(share, field)));
  const taken = shares.flatMap((share) => share.fields.filter((field) => takes(share, field) && !left.some((other) => coversField([field], other))));
  return taken.sort().slice(0, MOST_TAKEN);
}

const NOTHING: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: {} };
