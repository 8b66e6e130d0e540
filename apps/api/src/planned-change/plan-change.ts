import type { KubeObject } from '@meshfleet/model';
import { NOWHERE, type AssignedObject, type Placement } from '@meshfleet/planner';
import { uuidv7, type LoadedAssignment, type TouchedCluster } from '@meshfleet/store';
import { randomBytes } from 'node:crypto';

/** A change of one policy that nobody has made yet: what it would assign, and whom it would touch. */
export interface PreviewPlan {
  /** Under which the clusters of this preview are batched and remembered. */
  readonly name: symbol;
  readonly policyId: string;
  /** The same, of a policy that is there; undefined: it would be new. */
  readonly existingId: string | undefined;
  readonly policyName: string;
  /** What its clusters would be assigned; null when the policy would be deleted. */
  readonly assignment: LoadedAssignment | null;
  /** Objects by hash; templates, where they differ from cluster to cluster. */
  readonly bodies: ReadonlyMap<string, KubeObject>;
  readonly placement: Placement;
  readonly touched: readonly TouchedCluster[];
}

/** A plan before anybody has looked which clusters it touches. */
export type UntouchedPlan = Omit<PreviewPlan, 'touched'>;

/** A policy as it is now. */
export interface PlannedPolicy {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly currentVersion: number;
}

/** What a version says. Objects whose bodies are stored already come without. */
export interface PlannedIntent extends Pick<LoadedAssignment, 'drift' | 'conflicts' | 'variables' | 'patches' | 'inputs'> {
  readonly placement: Placement;
  readonly objects: readonly (AssignedObject & { readonly body?: KubeObject })[];
}

/** The next version of a policy, or the first of a new one. */
export function planVersion(policyName: string, policy: PlannedPolicy | undefined, intent: PlannedIntent): UntouchedPlan {
  const { placement, drift, conflicts, variables, patches, inputs } = intent;
  // A policy that does not exist yet is younger than all others, and loses every object that two want.
  const policyId = policy?.id ?? uuidv7(new Date(), randomBytes(10));
  const version = (policy?.currentVersion ?? 0) + 1;
  const createdAt = policy?.createdAt.getTime() ?? Date.now();
  const objects = intent.objects.map(({ body: _body, ...object }) => object);
  return {
    name: Symbol('preview'),
    policyId,
    existingId: policy?.id,
    policyName,
    assignment: { policyId, policyName, createdAt, version, objects, drift, conflicts, inputs, variables, patches },
    bodies: new Map(intent.objects.flatMap(({ hash, body }) => (body === undefined ? [] : [[hash, body]]))),
    placement,
  };
}

/** The withdrawal of a policy from everywhere. */
export function planWithdrawal({ id, name }: PlannedPolicy): UntouchedPlan {
  return { name: Symbol('preview'), policyId: id, existingId: id, policyName: name, assignment: null, bodies: new Map(), placement: NOWHERE };
}
