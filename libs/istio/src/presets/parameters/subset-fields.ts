import { dnsLabelField, labelsField } from '@meshfleet/manifest';
import { z } from 'zod';
import { requestCohort } from './cohort.ts';

/** A named part of a host's workloads. */
export const subsetFields = {
  name: dnsLabelField.meta({ title: 'Name', description: 'Name of the subset.' }),
  labels: labelsField.meta({ title: 'Labels', description: 'Labels of the pods that belong to it.' }),
};

const testers = {
  cohort: requestCohort.meta({ title: 'Testers', description: 'Which requests are the testers’.' }),
};

/** Requests that always see one subset, whatever the others do. */
export const testersOf = (subset: string): z.ZodObject<typeof testers & { subset: typeof dnsLabelField }> =>
  z.strictObject({ ...testers, subset: dnsLabelField.meta({ title: 'Subset', description: subset }) });

/**
 * Istio pushes clusters before routes but does not wait until they are ready, and takes them away before routes that name
 * them: seen in `npm run proof -- policy`, one or two requests in a hundred a second fail at either end.
 */
export const prepareOnly = z.boolean().default(false).meta({
  title: 'Prepare only',
  description: 'Only define the subsets, and leave the routes as they are. A policy whose first and last version say so comes and goes without a failed request.',
});
export const PREPARE_NOTE =
  'Routes that arrive together with their subsets, or leave together with them, cost a few requests: proxies answer 503 until they have both. Push a first version with `prepareOnly`, then the routes; at the end the same the other way round.';

interface Named {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What is wrong with a list of subsets: two of one name, or two that are the same pods. */
export function subsetProblems(subsets: readonly Named[]): { index: number; message: string }[] {
  const problems: { index: number; message: string }[] = [];
  const names = new Set<string>();
  const selections = new Map<string, string>();
  for (const [index, { name, labels }] of subsets.entries()) {
    if (names.has(name)) problems.push({ index, message: `There are two subsets named ${name}` });
    names.add(name);
    const selection = JSON.stringify(Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1)));
    const same = selections.get(selection);
    if (same !== undefined) problems.push({ index, message: `${name} selects the same pods as ${same}` });
    else selections.set(selection, name);
  }
  return problems;
}
