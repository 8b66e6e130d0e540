import { findPolicyByName, namesOfSelectedClusters } from '@meshfleet/store';
import { z } from 'zod';
import type { GraphqlContext } from '../graphql/context.ts';
import { problemsOf, userErrorOf, type UserError } from '../graphql/user-error.ts';
import { placementInput } from './placement-input.ts';
import { manifestReader } from './manifest-reader.ts';

const input = z.object({ name: z.string().max(63).nullish(), manifests: z.string(), defaultNamespace: z.string().nullish(), placement: placementInput.nullish() });
/** More names than anybody reads; a person wants to know whether it is three clusters or all of them. */
const MOST_NAMES = 1000;

export interface CheckedPolicy {
  readonly objects: readonly { key: string; hash: string }[];
  readonly clusters: readonly string[];
  readonly warnings: readonly UserError[];
  readonly userErrors: readonly UserError[];
}

/** Checks manifests and placement as applying would, and tells which clusters they would reach. Changes nothing. */
export async function checkPolicy({ scope }: GraphqlContext, rawInput: unknown): Promise<CheckedPolicy> {
  await scope.read('VIEWER');
  const parsed = input.safeParse(rawInput);
  if (!parsed.success) return { objects: [], clusters: [], warnings: [], userErrors: problemsOf(parsed.error).map(userErrorOf) };
  const { name, manifests, defaultNamespace, placement } = parsed.data;
  const tx = await scope.read();
  const policy = typeof name === 'string' ? await findPolicyByName(tx, name) : undefined;
  const read = await manifestReader.read(manifests, defaultNamespace ?? undefined);
  return {
    objects: read.objects.map(({ key, hash }) => ({ key, hash })),
    clusters: placement === null || placement === undefined ? [] : await namesOfSelectedClusters(tx, placement, { policyName: name ?? '', policyId: policy?.id }, MOST_NAMES),
    warnings: read.warnings.map(userErrorOf),
    userErrors: read.problems.map(userErrorOf),
  };
}
