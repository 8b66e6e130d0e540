import { selectWorkloads } from './indexes/workloads.ts';
import type { WorkloadView } from './views/workload.ts';

interface WorkloadReaders {
  readonly workloadsByLabel: (key: string) => readonly WorkloadView[];
  readonly workloadsInNamespace: (key: string) => readonly WorkloadView[];
}

/** What a policy's selector means: pods of its namespace, or of all when it stands in the root namespace; no selector means all of them. */
export function workloadsSelected(selector: Readonly<Record<string, string>>, namespace: string, rootNamespace: string, readers: WorkloadReaders): readonly WorkloadView[] {
  const everywhere = namespace === rootNamespace;
  if (Object.keys(selector).length === 0) return readers.workloadsInNamespace(everywhere ? '*' : namespace);
  return selectWorkloads(selector, readers.workloadsByLabel).filter((workload) => everywhere || workload.namespace === namespace);
}

export function carries(labels: Readonly<Record<string, string>>, selector: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([label, value]) => labels[label] === value);
}
