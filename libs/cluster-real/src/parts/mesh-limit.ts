import { MeshfleetError } from '@meshfleet/model';
import { argoProgramsLimit, goLimit, namespaceLimit, processLimit } from './machine.ts';
import { MESH_PARTS, PARTS, type Part, type PartName } from './part.ts';
import { isBuilt } from './part-cache.ts';

/** What keeps real clusters from running here, as words for a person; undefined when nothing does. */
export function clusterLimit(): string | undefined {
  return processLimit() ?? missing(['etcd', 'kubernetes', 'kwok']);
}

/** What keeps real meshes (istiod, and workloads with proxies) from running here; undefined when nothing does. */
export function meshLimit(): string | undefined {
  // Go is needed after the build too: it knows where Istio's charts are.
  return namespaceLimit() ?? processLimit() ?? missing(MESH_PARTS) ?? goLimit();
}

/** What keeps one of other people's tools from running here beside a real cluster; undefined when nothing does. */
export function toolLimit(part: 'helm' | 'helm-4' | 'flux' | 'argo-cd'): string | undefined {
  const programs = part === 'argo-cd' ? argoProgramsLimit() : undefined;
  // Go knows where the definitions of the tools' own resources are.
  return clusterLimit() ?? missing([part], part === 'helm' ? 'npm run real:build' : 'npm run real:build -- gitops') ?? programs ?? goLimit();
}

/**
 * For who is about to start one.
 * @throws PRECONDITION_FAILED with the limit.
 */
export function refuseBeyondLimit(what: string, limit: string | undefined): void {
  if (limit === undefined) return;
  throw new MeshfleetError({ code: 'PRECONDITION_FAILED', summary: `${what} cannot run on this machine`, why: limit, fix: 'npm run real:build builds the parts, and tells what a machine lacks for them.' });
}

/** What will not run on this machine as it is now, a line each, with the commands that need it. */
export function whatWillNotRun(): string[] {
  const cluster = clusterLimit();
  const mesh = meshLimit();
  return [
    ...(cluster === undefined ? [] : [`Real clusters will not run (npm run real -- up, conformance -- --clusters real, demo -- --real, tests with MESHFLEET_TEST_CLUSTERS=real): ${cluster}.`]),
    ...(mesh === undefined ? [] : [`Real meshes will not run (npm run real -- up --istio, npm run proof): ${mesh}.`]),
  ];
}

function missing(names: readonly PartName[], by = 'npm run real:build'): string | undefined {
  const left = names.map((name): Part => PARTS[name]).filter((part) => !isBuilt(part));
  return left.length === 0 ? undefined : `${left.map(({ name }) => name).join(', ')} not built; ${by} builds what it can`;
}
