import { blastRadius, contentsOf, type BlastRadius } from '@meshfleet/istio';
import { rowsOf } from '@meshfleet/istio/analysis';
import type { KubeObject } from '@meshfleet/model';

/** Objects that would change, as they are and as they would be, and what their cluster has. */
export interface ReachOrder {
  /** The JSON of `[key, body]` of each object. */
  readonly inventory: string;
  /** Namespaces in which the agent sees an istiod. */
  readonly controlPlanes: readonly string[];
  readonly objects: readonly KubeObject[];
}

export function reachOfChange({ inventory, controlPlanes, objects }: ReachOrder): BlastRadius {
  return blastRadius(objects, contentsOf(rowsOf(inventory), controlPlanes));
}
