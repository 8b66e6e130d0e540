import { defineIndex } from '../engine/index-of.ts';
import { WORKLOAD_KINDS } from '../input/kinds.ts';
import { workloadOf } from '../views/workload.ts';
import type { WorkloadView } from '../views/workload.ts';

/** Key: a namespace; `*` for all of them. */
export const workloadsInNamespace = defineIndex<WorkloadView>({
  name: 'workloads by namespace',
  of: WORKLOAD_KINDS,
  entries(resource) {
    const view = workloadOf(resource);
    return [[resource.namespace, view], ['*', view]];
  },
});

/** Key: `label=value` of its pods. */
export const workloadsByLabel = defineIndex<WorkloadView>({
  name: 'workloads by label',
  of: WORKLOAD_KINDS,
  *entries(resource) {
    const view = workloadOf(resource);
    for (const [label, value] of Object.entries(resource.labels)) yield [`${label}=${value}`, view];
  },
});

/** The workloads of every namespace that carry all these labels; the selector must not be empty. */
export function selectWorkloads(selector: Readonly<Record<string, string>>, byLabel: (key: string) => readonly WorkloadView[]): readonly WorkloadView[] {
  const wanted = Object.entries(selector);
  let fewest: readonly WorkloadView[] | undefined;
  for (const [label, value] of wanted) {
    const found = byLabel(`${label}=${value}`);
    if (fewest === undefined || found.length < fewest.length) fewest = found;
  }
  if (wanted.length < 2) return fewest ?? [];
  return (fewest ?? []).filter(({ labels }) => wanted.every(([label, value]) => labels[label] === value));
}
