import { MeshfleetError } from '@meshfleet/model';
import { NOWHERE } from '@meshfleet/planner';
import type { Placement } from '@meshfleet/planner';
import { enqueue, findFreezeInWay, findOverlappingRollout, insertRollout, selectReachedClusters, supersedeRollout, uuidv7, type LockedPolicy, type Tx } from '@meshfleet/store';
import { includesRole } from '../auth/principal.ts';
import type { Change } from '../graphql/mutate.ts';
import { InputProblems } from '../graphql/user-error.ts';
import type { StageInput } from './stage-input.ts';

/** A version that is about to be written, or a withdrawal. */
export interface StagedChange extends StageInput {
  /** The policy as it is locked; undefined: it is new. */
  readonly policy: Pick<LockedPolicy, 'id' | 'activeRolloutId'> | undefined;
  readonly policyName: string;
  /** Null: the policy is withdrawn. */
  readonly version: number | null;
  /** What it touches beyond what the policy has by now: by name (`touchedNames`), and by versions that are stored. */
  readonly touched: { readonly names: readonly string[]; readonly versions: readonly number[] };
  readonly placement: Placement | null;
}

/**
 * Whether the change may be made now: not into a rollout of the policy that is under way (unless it takes its place), not
 * under one of another policy that may touch the same objects, and not at once into a freeze. Clusters that lose the policy
 * are changed too. Call it before the version is written, and {@link beginStaged} after.
 * @throws InputProblems ROLLOUT_ACTIVE and FROZEN, MeshfleetError FORBIDDEN
 */
export async function admitChange({ tx, actor, now, role }: Change, change: StagedChange): Promise<void> {
  if (change.ignoreFreeze && !includesRole(role, 'ADMIN')) throw forbidden();
  const obstacles = await obstaclesOf(tx, change, now);
  // All at once: who waits for a freeze to end is not told then that a rollout is in the way.
  if (obstacles.length > 0) throw new InputProblems(obstacles.map((obstacle) => obstacle.toEnvelope()));
  const active = change.policy?.activeRolloutId ?? undefined;
  if (active !== undefined) supersedeRollout(tx, active, { actor, at: now, version: change.version });
}

/** All that is in the way of a change now, in the order in which it is told, whoever makes it. */
export async function obstaclesOf(tx: Tx, change: StagedChange, now: Date): Promise<MeshfleetError[]> {
  const { policy, policyName, rollout } = change;
  const reached = selectReachedClusters(change.placement ?? NOWHERE, { policyName, policyId: policy?.id }, [tx.organizationId]);
  const asksOverlap = rollout === undefined || rollout.onOverlap === 'REFUSE';
  const [overlapping, freeze] = await Promise.all([
    asksOverlap ? findOverlappingRollout(tx, policy?.id, change.touched, reached) : undefined,
    rollout === undefined && !change.ignoreFreeze ? findFreezeInWay(tx, reached, now) : undefined,
  ]);
  return [
    ...((policy?.activeRolloutId ?? null) !== null && !change.supersede ? [underWay(policyName)] : []),
    ...(overlapping === undefined ? [] : [overlaps(overlapping.title, rollout !== undefined)]),
    ...(freeze === undefined ? [] : [frozen(freeze.reason, freeze.endsAt)]),
  ];
}

/** Sets the change going: by a rollout, whose id is returned, or at once. */
export async function beginStaged({ tx, actor, now, random }: Change, policyId: string, { rollout, version }: StagedChange): Promise<string | undefined> {
  if (rollout === undefined) {
    await enqueue(tx, 'policy.changed', { policyId, version, actor });
    return undefined;
  }
  const id = uuidv7(now, random(10));
  await insertRollout(tx, { id, policyId, version, strategy: rollout, createdBy: actor, at: now });
  return id;
}

function underWay(policyName: string): MeshfleetError {
  return new MeshfleetError({
    code: 'ROLLOUT_ACTIVE',
    summary: `A rollout of ${policyName} is under way`,
    why: 'its clusters hold what it says of each until it has ended',
    fix: 'Wait for it, abort it, or say supersede: true to let this change take its place.',
    where: { field: ['input', 'supersede'] },
  });
}

function overlaps(title: string, staged: boolean): MeshfleetError {
  return new MeshfleetError({
    code: 'ROLLOUT_ACTIVE',
    summary: `A rollout may touch the same objects: ${title}`,
    why: 'two changes of one object in one cluster must not mix',
    fix: staged ? 'Wait for it, or say onOverlap: QUEUE to begin when it has ended.' : 'Wait for it, or give a rollout: with onOverlap: QUEUE it begins when the other has ended.',
    where: { field: ['input', 'rollout'] },
  });
}

function frozen(reason: string, endsAt: Date | null): MeshfleetError {
  return new MeshfleetError({
    code: 'FROZEN',
    summary: `Changes are frozen${endsAt === null ? '' : ` until ${endsAt.toISOString()}`}`,
    why: reason,
    fix: 'Wait for its end (`organization { freezes(first: 10, open: true) }` lists them), give a rollout that waits for it, or have an administrator say ignoreFreeze: true.',
    where: { field: ['input', 'ignoreFreeze'] },
  });
}

function forbidden(): MeshfleetError {
  return new MeshfleetError({ code: 'FORBIDDEN', summary: 'Only administrators change clusters that are frozen', why: 'you do not hold that role', fix: 'Ask an administrator, or give a rollout that waits for the end of the freeze.', where: { field: ['input', 'ignoreFreeze'] } });
}
