import type { Resource } from './input/resource.ts';
import { at, stringMap, text } from './read-value.ts';
import { carries } from './selected-workloads.ts';
import type { WorkloadView } from './views/workload.ts';

/**
 * The mode in which a workload takes connections on a port, and the PeerAuthentication that says so: that of the workload,
 * else of its namespace, else of the mesh; UNSET looks further. Of several at one level the first by name is taken: Istio
 * takes the oldest, and the inventory does not tell ages.
 */
export function effectiveMutualTls(workload: WorkloadView, port: number | undefined, rootNamespace: string, inNamespace: (key: string) => readonly Resource[]): { readonly mode: string; readonly by?: Resource } {
  const own = byName(inNamespace(workload.namespace));
  const selected = own.filter((one) => isSelector(one) && carries(workload.labels, selectorOf(one)));
  for (const one of selected) {
    const mode = port === undefined ? undefined : text(at(one.spec, 'portLevelMtls', String(port), 'mode'));
    if (mode !== undefined && mode !== 'UNSET') return { mode, by: one };
  }
  const levels = [selected, own.filter((one) => !isSelector(one)), workload.namespace === rootNamespace ? [] : byName(inNamespace(rootNamespace)).filter((one) => !isSelector(one))];
  for (const level of levels) {
    for (const one of level) {
      const mode = text(at(one.spec, 'mtls', 'mode'));
      if (mode !== undefined && mode !== 'UNSET') return { mode, by: one };
    }
  }
  return { mode: 'PERMISSIVE' };
}

const selectorOf = ({ spec }: Resource): Readonly<Record<string, string>> => stringMap(at(spec, 'selector', 'matchLabels'));
const isSelector = (resource: Resource): boolean => Object.keys(selectorOf(resource)).length > 0;
const byName = (resources: readonly Resource[]): readonly Resource[] => (resources.length < 2 ? resources : [...resources].sort((a, b) => (a.id < b.id ? -1 : 1)));
