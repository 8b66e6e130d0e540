import { NOWHERE } from '@meshfleet/planner';
import { findPlacedClusters, findPolicyByName } from '@meshfleet/store';
import { z } from 'zod';
import type { GraphqlContext } from '../graphql/context.ts';
import { userErrorsOf } from '../graphql/mutate.ts';
import { problemsOf, userErrorOf, type UserError } from '../graphql/user-error.ts';
import { fewOfEach } from './few-of-each.ts';
import { intentInput, namespaceName, policyName, presetInput } from './intent-input.ts';
import { placementInput } from './placement-input.ts';
import { manifestsOf, readForTargets } from './policy-manifests.ts';
import type { ReadManifests } from './read-manifests.ts';
import { unservedKinds } from './unserved-kinds.ts';
import { placedIntent, warningsWherePlaced } from './warn-of-intent.ts';

const input = z.object({
  name: policyName.nullish(),
  manifests: z.string().nullish(),
  preset: presetInput.nullish(),
  variables: intentInput.variables.nullish().transform((variables) => variables ?? []),
  patches: intentInput.patches.nullish().transform((patches) => patches ?? []),
  allowPartial: z.boolean().nullish().transform((allowed) => allowed ?? false),
  defaultNamespace: namespaceName.nullish(),
  placement: placementInput.nullish(),
});

export interface CheckedPolicy {
  readonly manifests: string | null;
  readonly objects: readonly { key: string; hash: string }[];
  readonly clusters: readonly string[];
  readonly warnings: readonly UserError[];
  readonly userErrors: readonly UserError[];
  /** What was read, for the fields that render it. */
  readonly checked?: CheckedIntent;
}

export interface CheckedIntent extends Pick<z.output<typeof input>, 'variables' | 'patches'> {
  readonly read: ReadManifests;
}

/** Checks manifests and placement as applying would, and tells which clusters they would reach. Changes nothing. */
export async function checkPolicy({ scope }: GraphqlContext, rawInput: unknown): Promise<CheckedPolicy> {
  await scope.read('VIEWER');
  const parsed = input.safeParse(rawInput);
  if (!parsed.success) return refused(problemsOf(parsed.error, rawInput).map(userErrorOf));
  const { name, defaultNamespace, variables, patches, allowPartial } = parsed.data;
  const placement = parsed.data.placement ?? NOWHERE;
  try {
    const { manifests, preset } = manifestsOf(parsed.data);
    const read = await readForTargets(scope, { name: name ?? undefined, manifests, defaultNamespace: defaultNamespace ?? undefined, variables, patches, placement, allowPartial, role: 'VIEWER' });
    const tx = await scope.read();
    const policy = typeof name === 'string' ? await findPolicyByName(tx, name) : undefined;
    const clusters = placement === NOWHERE ? [] : await findPlacedClusters(tx, placement, { policyName: name ?? '', policyId: policy?.id });
    const unserved = await unservedKinds(tx, read, clusters);
    const misplaced = placement === NOWHERE ? [] : await warningsWherePlaced(tx, placedIntent(read, preset, 'REPORT'), placement, { clusters, policyId: policy?.id });
    return {
      manifests,
      objects: read.objects.map(({ key, hash }) => ({ key, hash })),
      clusters: clusters.map((cluster) => cluster.name),
      warnings: fewOfEach([...read.warnings, ...misplaced, ...unserved]).map(userErrorOf),
      userErrors: read.problems.map(userErrorOf),
      checked: { variables, patches, read },
    };
  } catch (error) {
    return refused(userErrorsOf(error));
  }
}

function refused(userErrors: readonly UserError[]): CheckedPolicy {
  return { manifests: null, objects: [], clusters: [], warnings: [], userErrors };
}
