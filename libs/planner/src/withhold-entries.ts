import { featuresOf } from '@meshfleet/protocol';
import type { EntryFeature, DesiredEntry } from '@meshfleet/protocol';

/** An object that a cluster should hold, and that its agent is too old to be asked for. */
export interface Withheld {
  readonly key: string;
  readonly policyId: string;
  readonly message: string;
}

const NEEDS: Readonly<Record<EntryFeature, string>> = {
  METADATA: 'to set labels and annotations of what somebody else owns',
  TAKE_OVER: 'to take single fields of other managers over',
};

/**
 * Parts what an agent can be asked for from what it does not understand: a state with one entry of a kind that it does not know it would refuse whole,
 * and everything else with it.
 * @param features what the agent says it understands; null before it has said so: then it counts as one of today, until its first facts tell
 */
export function withholdEntries(entries: readonly DesiredEntry[], features: readonly string[] | null): { readonly entries: readonly DesiredEntry[]; readonly withheld: readonly Withheld[] } {
  if (features === null) return { entries, withheld: [] };
  const withheld: Withheld[] = [];
  const understood = entries.filter((entry) => {
    const missing = featuresOf(entry).filter((feature) => !features.includes(feature));
    if (missing.length > 0) withheld.push({ key: entry.key, policyId: entry.policyId, message: messageOf(missing) });
    return missing.length === 0;
  });
  return { entries: understood, withheld };
}

function messageOf(missing: readonly EntryFeature[]): string {
  const needs = missing.map((feature) => NEEDS[feature]).join(' and ');
  return `The agent of this cluster is too old ${needs}, so it is not asked for this object. Install the agent that belongs to this hub: the object follows by itself.`;
}
