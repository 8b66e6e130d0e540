import { isBuilt, PARTS } from '@meshfleet/cluster-real';
import { analysisInputOf, analyze, ruleCatalogue, withChanges } from '@meshfleet/istio/analysis';
import type { KubeObject } from '@meshfleet/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { istioctlVerdicts } from './istioctl.ts';
import type { Verdict } from './istioctl.ts';
import { randomMesh } from './random-mesh.ts';

const SEED = Number(process.env['MESHFLEET_SEED'] ?? '20261125');
const RUNS = Number(process.env['MESHFLEET_RUNS'] ?? '12');
const built = isBuilt(PARTS['istio-1.29']);

/** Codes that both of us have. */
const codes = new Set(ruleCatalogue().map(({ code }) => code).filter((code) => code.startsWith('IST')));

function ourVerdicts(objects: readonly KubeObject[]): ReadonlySet<Verdict> {
  // istioctl takes the mesh configuration of a cluster that has none to be empty.
  const input = withChanges(analysisInputOf([], { meshConfig: {} }), { upsert: objects.map((object) => ({ object })) });
  return new Set(analyze(input).map(({ code, object }) => `${code} ${object.replace(/^(\w+)[^/]*\//, '$1 ')}`));
}

/** What only one of us says, of the codes that both have. */
function differences(ours: ReadonlySet<Verdict>, theirs: ReadonlySet<Verdict>): string[] {
  // It looks at the pods of a Deployment too, and at the namespaces and services that every cluster has.
  const counts = (verdict: Verdict): boolean => codes.has(verdict.slice(0, 7)) && !/ (Pod |Namespace (default|kube-|istio-system)|Service default\/)/.test(verdict);
  return [...[...ours.difference(theirs)].filter(counts).map((verdict) => `ours alone: ${verdict}`), ...[...theirs.difference(ours)].filter(counts).map((verdict) => `theirs alone: ${verdict}`)].sort();
}

/**
 * Where we judge differently on purpose, the random meshes hold nothing of the kind:
 * - IST0131: a match under a shorter prefix counts as covered only where the earlier match asks for nothing that the later does not;
 *   istioctl overlooks sourceLabels, scheme and others, and takes a missing method for GET.
 * - IST0101: a subset of a DestinationRule that is not exported here is missing; istioctl takes it for there.
 * - IST0112: one port for TCP and UDP is one port.
 * - IST0127: a namespace with a revision or in ambient mode is in the mesh by its label; istioctl asks for marks on running pods.
 * - IST0151, IST0155: whether another patch is for a version of the proxy is asked in any order; istioctl looks at earlier objects alone.
 * - IST0140: a VirtualService that splits a host itself does not pass its own split by.
 * - IST0152: istioctl 1.29 does not know yet that REPLACE works on a VIRTUAL_HOST.
 * - IST0160: a Telemetry with targetRefs is not for its whole namespace.
 */
describe.skipIf(!built)(`the analysis beside istioctl analyze${built ? '' : ' (not run: it needs istioctl, npm run real:build)'}`, { timeout: 120_000 }, () => {
  it.each(fc.sample(randomMesh, { seed: SEED, numRuns: RUNS }).map((objects, i) => [i, objects] as const))(`finds the same codes in the same objects, random mesh %i of seed ${SEED}`, async (_i, objects) => {
    expect(differences(ourVerdicts(objects), await istioctlVerdicts(objects))).toEqual([]);
  });

  it('meets every code that both have, but for those that need more than these meshes hold', () => {
    const met = new Set(fc.sample(randomMesh, { seed: SEED, numRuns: 200 }).flatMap((objects) => [...ourVerdicts(objects)].map((verdict) => verdict.slice(0, 7))));
    // A schema violation, a user 1337 and a filter for one version of the proxy have specs of their own.
    expect([...codes].filter((code) => !met.has(code)).sort()).toEqual(['IST0106', 'IST0144', 'IST0155']);
  });
});
