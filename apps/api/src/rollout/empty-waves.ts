import { parseLabelSelector, type ErrorEnvelope } from '@meshfleet/model';
import { NOWHERE } from '@meshfleet/planner';
import { reachesAny, type Tx } from '@meshfleet/store';
import type { StagedChange } from './stage-change.ts';

const EVERY = parseLabelSelector('');

/**
 * Warns of waves that take nobody: a canary whose selector is misspelt is passed over without a word, and its clusters
 * come with all others.
 */
export async function emptyWaves(tx: Tx, { rollout, placement, policy, policyName }: Pick<StagedChange, 'rollout' | 'placement' | 'policy' | 'policyName'>): Promise<ErrorEnvelope[]> {
  const asked = (rollout?.waves ?? []).flatMap(({ name, clusterSelector }, index) => (clusterSelector === undefined ? [] : [{ name: name ?? `wave ${String(index + 1)}`, index, selector: parseLabelSelector(clusterSelector) }]));
  if (asked.length === 0) return [];
  const [any, ...taken] = await reachesAny(tx, placement ?? NOWHERE, { policyName, policyId: policy?.id }, [EVERY, ...asked.map(({ selector }) => selector)]);
  if (any !== true) return [];
  return asked
    .filter((_, at) => taken[at] !== true)
    .map(({ name, index }) => ({
      code: 'WAVE_EMPTY',
      summary: `The wave ${name} takes no cluster`,
      why: 'its selector matches none of those that the change reaches, so it is passed over',
      fix: 'Compare the selector with the labels of the clusters; `rolloutPreview` shows who would be in which wave.',
      where: { field: ['input', 'rollout', 'waves', String(index), 'clusterSelector'] },
    }));
}
