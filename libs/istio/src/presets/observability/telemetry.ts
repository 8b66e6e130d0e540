import type { JsonObject, KubeObject } from '@meshfleet/model';
import { attachmentOf } from '../parameters/policy-target.ts';
import type { PolicyTarget } from '../parameters/policy-target.ts';

/** One Telemetry per namespace of the target. */
export function telemetries(name: string, target: PolicyTarget, sections: JsonObject): KubeObject[] {
  const { namespaces, spec } = attachmentOf(target);
  return namespaces.map((namespace) => ({ apiVersion: 'telemetry.istio.io/v1', kind: 'Telemetry', metadata: { name, namespace }, spec: { ...spec, ...sections } }));
}

/** Every preset that writes a Telemetry must say this. */
export const ONE_TELEMETRY = 'Istio reads one Telemetry without selector in a namespace, the oldest, and no other: for metrics, traces and logs together use the preset mesh-telemetry rather than several of these on one target. A namespace’s Telemetry adds to the mesh’s, a workload’s to both.';
