import type { JsonObject } from '@meshfleet/model';
import type { KindName } from './kinds.ts';

type Labels = Readonly<Record<string, string>>;

/** One object as rules see it, wherever it came from. Never changed once made: views of it are remembered. */
export interface Resource {
  /** `Kind.group/namespace/name`. */
  readonly id: string;
  readonly kind: KindName;
  readonly group: string;
  readonly namespace: string;
  readonly name: string;
  /** Empty where the inventory does not tell it. */
  readonly apiVersion: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  /**
   * Of mesh configuration and Services the spec; of workloads what `summarize` of the agent says of them. Undefined when
   * it was too large for the inventory: no rule judges such an object, and none takes it for absent.
   */
  readonly spec: JsonObject | undefined;
  /** An API server holds it already, so its schema has been checked. */
  readonly admitted: boolean;
  /** The policies of ours that want it. */
  readonly policies: readonly string[];
}
