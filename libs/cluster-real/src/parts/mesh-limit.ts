import { MeshfleetError } from '@meshfleet/model';
import { goLimit, namespaceLimit, processLimit } from './machine.ts';
import { PARTS, type Part, type PartName } from './part.ts';
import { isBuilt } from './part-cache.ts';

/** What keeps real clusters from running here, as words for a person; undefined when nothing does. */
export function clusterLimit(): string | undefined {
  return processLimit() ?? missing(['etcd', 'kubernetes', 'kwok']);
}

/** What keeps real meshes (istiod, and workloads with proxies) from running here; undefined when nothing does. */
export function meshLimit(): string | undefined {
  // PARTS is a literal: its keys are exactly the names. Go is needed after the build too: it knows where Istio's charts are.
  return namespaceLimit() ?? processLimit() ?? missing(Object.keys(PARTS) as PartName[]) ?? goLimit();
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

function missing(names: readonly PartName[]): string | undefined {
  const left = names.map((name): Part => PARTS[name]).filter((part) => !isBuilt(part));
  return left.length === 0 ? undefined : `${left.map(({ name }) => name).join(', ')} not built; npm run real:build builds what it can`;
}
