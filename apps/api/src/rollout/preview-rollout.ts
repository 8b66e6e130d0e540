import type { ErrorEnvelope } from '@meshfleet/model';
import { placementSchema } from '@meshfleet/planner';
import { findCurrentPolicyVersion, findPolicyByName, previewRollout } from '@meshfleet/store';
import { z } from 'zod';
import type { GraphqlContext } from '../graphql/context.ts';
import { problemsOf, userErrorOf, type UserError } from '../graphql/user-error.ts';
import { placementInput } from '../policy/placement-input.ts';
import { strategyInput } from './stage-input.ts';

const input = z.object({ policyName: z.string().max(63, 'A policy’s name has at most 63 characters').nullish(), placement: placementInput.nullish(), rollout: strategyInput });
const MOST_CLUSTERS = 1000;

export interface PreviewedWave {
  readonly index: number;
  readonly name: string;
  readonly size: number;
  readonly soakSeconds: number;
  readonly clusters: readonly { readonly name: string; readonly because: string }[];
}

/** Which cluster would be in which wave. */
export async function previewRolloutOf({ scope }: GraphqlContext, rawInput: unknown): Promise<{ waves: PreviewedWave[]; userErrors: UserError[] }> {
  const tx = await scope.read();
  const parsed = input.safeParse(rawInput);
  if (!parsed.success) return { waves: [], userErrors: problemsOf(parsed.error, rawInput).map(userErrorOf) };
  const { policyName, placement, rollout } = parsed.data;
  const name = policyName ?? '';
  const [policy, current] = name === '' ? [] : await Promise.all([findPolicyByName(tx, name), findCurrentPolicyVersion(tx, name)]);
  const placed = placement ?? (current === undefined ? null : placementSchema.parse(current.placement));
  if (placed === null) return { waves: [], userErrors: [userErrorOf(placedNowhere(name))] };
  const waves = await previewRollout(tx, { id: policy?.id, name }, placed, rollout);
  return {
    waves: waves.map(({ name: wave, soakSeconds, clusters }, index) => ({
      index,
      name: wave,
      size: clusters.length,
      soakSeconds,
      clusters: clusters.slice(0, MOST_CLUSTERS).map((cluster) => ({ name: cluster.name, because: cluster.because })),
    })),
    userErrors: [],
  };
}

function placedNowhere(name: string): ErrorEnvelope {
  return {
    code: name === '' ? 'INVALID_INPUT' : 'NOT_FOUND',
    summary: name === '' ? 'The input names neither a policy nor a placement' : `There is no policy named ${name}`,
    why: 'without either it is not known which clusters would move',
    fix: name === '' ? 'Give policyName, or placement.' : 'Check the spelling, or give the placement that a new policy would have.',
    where: { field: ['input', name === '' ? 'placement' : 'policyName'] },
  };
}
