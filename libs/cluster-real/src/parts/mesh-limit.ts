import { machineLimits } from './machine.ts';
import { PARTS, type Part, type PartName } from './part.ts';
import { isBuilt } from './part-cache.ts';

/** What keeps real clusters from running here, as words for a person; undefined when nothing does. */
export function clusterLimit(): string | undefined {
  return missing(['etcd', 'kubernetes', 'kwok']);
}

/** What keeps real meshes (istiod, and workloads with proxies) from running here; undefined when nothing does. */
export function meshLimit(): string | undefined {
  const { go, namespaces } = machineLimits();
  // PARTS is a literal: its keys are exactly the names. Go is needed after the build too: it knows where Istio's charts are.
  return namespaces ?? missing(Object.keys(PARTS) as PartName[]) ?? go;
}

function missing(names: readonly PartName[]): string | undefined {
  const left = names.map((name): Part => PARTS[name]).filter((part) => !isBuilt(part));
  return left.length === 0 ? undefined : `${left.map(({ name }) => name).join(', ')} not built; npm run real:build builds them`;
}
