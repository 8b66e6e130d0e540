import { kubectl, type RealCluster, type RealNodes, type RealPod } from '@meshfleet/cluster-real';
import { istioPresets } from '@meshfleet/istio';
import { formatManifests, renderPreset } from '@meshfleet/manifest';
import { MeshfleetError, type KubeObject } from '@meshfleet/model';
import type { ProofReport } from '../proof.ts';

/** A mesh with a service of two versions, callers of two identities, and one caller without a proxy. */
export interface Stage {
  readonly cluster: RealCluster;
  readonly nodes: RealNodes;
  readonly report: ProofReport;
  /** With a proxy, as the service account `client`. */
  readonly client: RealPod;
  /** With a proxy, as the service account `other`. */
  readonly other: RealPod;
  /** Without one. */
  readonly plain: RealPod;
  /** The two versions of the service `echo`. */
  readonly v1: RealPod;
  readonly v2: RealPod;
}

export const NAMESPACE = 'shop';
export const ECHO = `http://echo.${NAMESPACE}:8080`;

/**
 * How long proxies go on with what they were before, on connections that were open, when a policy of what comes in changes:
 * Istio's own is 45 s, in which a denied caller may still get in.
 */
export const DRAIN = '1s';

/** What a preset makes of parameters. */
export function render(name: string, parameters: unknown): readonly KubeObject[] {
  const preset = istioPresets.find((one) => one.name === name);
  if (preset === undefined) throw new MeshfleetError({ code: 'NOT_FOUND', summary: `There is no preset ${name}` });
  const rendered = renderPreset(preset, parameters);
  if ('problems' in rendered) throw new MeshfleetError({ code: 'INVALID_INPUT', summary: `${name} refuses the parameters`, why: JSON.stringify(rendered.problems) });
  return rendered.objects;
}

export async function apply({ cluster }: Stage, objects: readonly KubeObject[]): Promise<void> {
  await kubectl(cluster.kubeconfigFile, ['apply', '--server-side', '--force-conflicts', '-f', '-'], formatManifests(objects));
}

/** In the opposite order, as the agent does. */
export async function withdraw({ cluster }: Stage, objects: readonly KubeObject[]): Promise<void> {
  await kubectl(cluster.kubeconfigFile, ['delete', '--ignore-not-found', '-f', '-'], formatManifests([...objects].reverse()));
}

/** Holds what the presets write in place while something is proved of it, and takes it out again whatever comes of that. */
export async function under<T>(stage: Stage, objects: readonly KubeObject[], prove: () => Promise<T>): Promise<T> {
  await apply(stage, objects);
  try {
    return await prove();
  } finally {
    await withdraw(stage, objects);
  }
}
