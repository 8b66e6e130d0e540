import { MeshfleetError, type ErrorEnvelope } from '@meshfleet/model';
import { isLimited, touchedNames } from '@meshfleet/planner';
import {
  advancePolicy,
  announceChanged,
  findCurrentPolicyVersion,
  findPolicyByName,
  insertPolicy,
  insertPolicyVersion,
  lockPolicyByName,
  storeContents,
  uuidv7,
  type LockedPolicy,
  type PolicyRow,
  type PolicyVersionRow,
} from '@meshfleet/store';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Change, Outcome, UseCase } from '../graphql/mutate.ts';
import { InputProblems } from '../graphql/user-error.ts';
import type { Role } from '../auth/principal.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { admitFindings, type AdmittedFindings, type ChangeAnalysis } from '../change-analysis/admit-findings.ts';
import { forceInput } from '../change-analysis/force-input.ts';
import { judgeFleet, tryToJudge, type PlannedChange, type Verdict } from '../change-analysis/judge-fleet.ts';
import { locateInPolicy } from '../change-analysis/locate-finding.ts';
import { planVersion } from '../planned-change/plan-change.ts';
import { intentInput, namespaceName, policyName, presetInput } from './intent-input.ts';
import { manifestsOf, readForTargets, type PolicyManifests } from './policy-manifests.ts';
import { placementInput } from './placement-input.ts';
import { warningsOfRollout } from '../rollout/warn-of-rollout.ts';
import { admitChange, beginStaged, type StagedChange } from '../rollout/stage-change.ts';
import { stageInput } from '../rollout/stage-input.ts';
import { intentOf } from './policy-view.ts';
import { takeOverInput, withTakeOver } from './take-over.ts';
import type { ReadManifests } from './read-manifests.ts';
import { warningsOf } from './warn-of-intent.ts';

const input = z.object({
  name: policyName,
  description: z.string().max(2000, 'A description has at most 2000 characters').optional(),
  manifests: z.string().optional(),
  preset: presetInput.optional(),
  ...intentInput,
  allowPartial: z.boolean().default(false),
  defaultNamespace: namespaceName.optional(),
  placement: placementInput,
  drift: z.enum(['CORRECT', 'REPORT']).default('CORRECT'),
  conflicts: z.enum(['REPORT', 'FORCE']).default('REPORT'),
  takeOver: takeOverInput,
  comment: z.string().max(2000, 'A comment has at most 2000 characters').optional(),
  expectedVersion: z.int().min(0, 'Versions begin with 1; 0 says that the policy must be new').optional(),
  ...stageInput,
  ...forceInput,
});
type Given = z.output<typeof input>;
export type Intent = Omit<Given, 'manifests' | 'preset'> & PolicyManifests & { readonly read: ReadManifests };
type Input = Intent & { readonly verdict: Verdict | MeshfleetError };

export interface AppliedPolicy {
  readonly policyId: string;
  /** The rollout that brings it to clusters. */
  readonly rolloutId?: string;
  readonly changed: boolean;
  readonly warnings: readonly ErrorEnvelope[];
  /** Null: nothing was to be analysed, or it could not be. */
  readonly analysis: ChangeAnalysis | null;
}

/**
 * Creates a policy, or its next version when one of that name exists. Versions never change; an input that equals the
 * current version makes none, and writes nothing.
 */
export const applyPolicy: UseCase<typeof input, AppliedPolicy, Input> = {
  name: 'policyApply',
  role: 'OPERATOR',
  input,
  prepare: judgedIntent,
  async run(change, given) {
    const { tx } = change;
    // Sent together. The version is read after the lock is held: each statement sees what had been committed by its start.
    const [policy, current] = await Promise.all([lockPolicyByName(tx, given.name), findCurrentPolicyVersion(tx, given.name)]);
    const otherVersion = otherVersionOf(given, policy);
    if (otherVersion !== undefined) throw otherVersion;
    const warnings = await warningsOf(tx, given, policy?.id, change.now);
    if (policy !== undefined && isCurrent(policy, current, given)) {
      return { answer: { policyId: policy.id, changed: false, warnings, analysis: null } };
    }
    const findings = admitFindings(change.role, given, given.verdict, locateInPolicy(given));
    return writeVersion(change, given, policy, { ...findings, warnings: [...warnings, ...findings.warnings] });
  },
};

/** The input with its manifests read. @throws InputProblems naming document and line of whatever is wrong with them */
export async function readIntent(given: Given, scope: Pick<RequestScope, 'read'>, role: Role = 'OPERATOR'): Promise<Intent> {
  const written = manifestsOf(given);
  const read = await readForTargets(scope, { ...given, ...written, defaultNamespace: given.defaultNamespace, role });
  const taking = withTakeOver(read.objects, given.takeOver);
  const problems = read.problems.length > 0 ? read.problems : taking.problems;
  if (problems.length > 0) throw new InputProblems(problems);
  return { ...given, ...written, read: { ...read, objects: taking.objects } };
}

/** Analysed before the change takes its locks: what an agent reports meanwhile is as late as what it reports afterwards. */
async function judgedIntent(given: Given, scope: RequestScope): Promise<Input> {
  const intent = await readIntent(given, scope);
  const current = async (): Promise<PolicyRow | undefined> => findPolicyByName(await scope.read(), given.name);
  const known = isLimited(given.placement) ? await current() : undefined;
  const change: PlannedChange = {
    placement: given.placement,
    subject: { policyName: given.name, policyId: known?.id },
    plan: async () => planVersion(given.name, known ?? (await current()), { ...intent, objects: intent.read.objects, inputs: intent.read.inputs }),
  };
  return { ...intent, verdict: await tryToJudge(scope, judgeFleet(scope, change, new Date())) };
}

async function writeVersion(
  change: Change,
  given: Input,
  policy: LockedPolicy | undefined,
  { warnings, analysis, audit }: AdmittedFindings,
): Promise<Outcome<AppliedPolicy>> {
  const { tx, actor, now, random } = change;
  const policyId = policy?.id ?? uuidv7(now, random(10));
  const version = (policy?.currentVersion ?? 0) + 1;
  const stage = { ...given, policy, policyName: given.name, version, touched: touchedByInput(given) };
  const ofRollout = await warningsOfRollout(change, stage);
  await admitChange(change, stage);
  const staged = given.rollout !== undefined;
  const description = given.description ?? policy?.description ?? null;
  if (policy === undefined) insertPolicy(tx, { id: policyId, name: given.name, description, at: now, staged });
  else advancePolicy(tx, { id: policyId, description, version, at: now, staged });
  storeContents(tx, given.read.objects);
  insertPolicyVersion(tx, {
    policyId,
    version,
    ...intentOfInput(given),
    comment: given.comment ?? null,
    createdBy: actor,
    createdAt: now,
  });
  const rolloutId = await beginStaged(change, policyId, stage);
  announceChanged(tx, { clusterIds: [], policyIds: [policyId] });
  const details = { name: given.name, version, objects: given.read.objects.length, comment: given.comment ?? null, staged, ...audit };
  return { answer: { policyId, changed: true, warnings: [...warnings, ...ofRollout], analysis, ...(rolloutId === undefined ? {} : { rolloutId }) }, audit: { action: 'policy.apply', target: policyId, details } };
}

/** Why a change that was written against another version is refused. */
export function otherVersionOf({ expectedVersion, name }: Intent, policy: Pick<LockedPolicy, 'currentVersion'> | undefined): MeshfleetError | undefined {
  const current = policy?.currentVersion ?? 0;
  if (expectedVersion === undefined || expectedVersion === current) return undefined;
  return new MeshfleetError({
    code: 'CONFLICT',
    summary: `The policy ${name} is not at version ${expectedVersion}`,
    why: current === 0 ? 'there is no policy of that name' : `it is at version ${current}`,
    fix: 'Read the current version, see what changed, and apply again on top of it.',
    where: { field: ['input', 'expectedVersion'] },
  });
}

/** Whether the policy says all of it already, and nothing is to be done. */
export function isCurrent(policy: Omit<LockedPolicy, 'id' | 'name'>, current: PolicyVersionRow | undefined, given: Intent): boolean {
  if (current === undefined || (given.description !== undefined && given.description !== policy.description)) return false;
  // What a rollout took back, or is to be overtaken, is asked for anew.
  if ((given.supersede && policy.activeRolloutId !== null) || (policy.stableVersion !== policy.currentVersion && policy.activeRolloutId === null)) return false;
  return isDeepStrictEqual(intentOf(current), intentOfInput(given));
}

/** What a version that is not stored yet touches. */
export function touchedByInput({ read }: Pick<Intent, 'read'>): StagedChange['touched'] {
  return { names: touchedNames(read.objects, read.inputs !== null), versions: [] };
}

function intentOfInput({ defaultNamespace, read, ...given }: Intent) {
  const objects = read.objects.map(({ body: _body, ...object }) => object);
  return intentOf({ ...given, defaultNamespace: defaultNamespace ?? null, objects, inputs: read.inputs });
}
