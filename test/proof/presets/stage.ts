import type { IstioMinor, Istiod, RealCluster, RealNodes, RealPod } from '@meshfleet/cluster-real';
import { istioPresets } from '@meshfleet/istio';
import { renderPreset } from '@meshfleet/manifest';
import { MeshfleetError, type KubeObject } from '@meshfleet/model';
import type { ProofReport } from '../proof.ts';
import type { OutsideWorld } from './outside-world.ts';

/** A namespace of a mesh with a service of two versions, callers of two identities, and one caller without a proxy. */
export interface Stage {
  readonly cluster: RealCluster;
  readonly nodes: RealNodes;
  readonly istiod: Istiod;
  readonly istiodMinor: IstioMinor;
  readonly world: OutsideWorld;
  readonly report: ProofReport;
  readonly hand: PresetHand;
  readonly namespace: string;
  /** Address of the service `echo`. */
  readonly echo: string;
  /** With a proxy, as the service account `client`. */
  readonly client: RealPod;
  /** With a proxy, as the service account `other`. */
  readonly other: RealPod;
  /** Without one, in a namespace outside of the mesh. */
  readonly plain: RealPod;
  /** The two versions of the service `echo`. */
  readonly v1: RealPod;
  readonly v2: RealPod;
  /** All of these that have a proxy. */
  readonly proxies: readonly RealPod[];
}

/** Some way of putting what a preset writes into the cluster and of taking it out again. */
export interface PresetHand {
  apply(rendered: Rendered): Promise<void>;
  withdraw(rendered: Rendered): Promise<void>;
}

/** A preset with parameters, and what it makes of them. */
export interface Rendered {
  readonly preset: string;
  readonly parameters: unknown;
  readonly objects: readonly KubeObject[];
}

/** What is shown of some presets; a section of the report for each. */
export interface PresetProof {
  readonly presets: readonly string[];
  prove(stage: Stage): Promise<void>;
}

/**
 * How long proxies go on with what they were before, on connections that were open, when a policy of what comes in changes:
 * Istio's own is 45 s, in which a denied caller may still get in.
 */
export const DRAIN = '1s';

export function render(name: string, parameters: unknown): Rendered {
  const preset = istioPresets.find((one) => one.name === name);
  if (preset === undefined) throw new MeshfleetError({ code: 'NOT_FOUND', summary: `There is no preset ${name}` });
  const rendered = renderPreset(preset, parameters);
  if ('problems' in rendered) throw new MeshfleetError({ code: 'INVALID_INPUT', summary: `${name} refuses the parameters`, why: JSON.stringify(rendered.problems) });
  return { preset: name, parameters, objects: rendered.objects };
}

/** Holds what the preset writes in place while something is proved of it, and takes it out again whatever comes of that. */
export async function under<T>({ hand }: Stage, rendered: Rendered, prove: () => Promise<T>): Promise<T> {
  await hand.apply(rendered);
  try {
    return await prove();
  } finally {
    await hand.withdraw(rendered);
  }
}

export function podOf(nodes: RealNodes, namespace: string, labels: Readonly<Record<string, string>>): RealPod {
  const [pod] = nodes.pods(namespace, labels);
  if (pod === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: `No pod of ${JSON.stringify(labels)} runs`, why: nodes.problems().join('\n') });
  return pod;
}
