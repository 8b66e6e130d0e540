import type { JsonObject } from '@meshfleet/model';
import { DEFAULT_ROOT_NAMESPACE } from '../../root-namespace.ts';

/** What the analysis is told of a cluster beside its objects. */
export interface AnalysisFacts {
  /** Milliseconds since 1970; without it, rules about dates are silent. */
  readonly now: number | undefined;
  /** Where policies apply to the whole mesh. */
  readonly rootNamespace: string;
  readonly clusterDomain: string;
  /** The mesh configuration (`meshConfig`) in effect; undefined when nobody has told us, and then no rule assumes one. */
  readonly meshConfig: JsonObject | undefined;
  /** Hosts of services that other clusters of the same mesh have: istiod knows them, this cluster's API server does not. */
  readonly hostsElsewhere: ReadonlySet<string>;
  /** Namespaces of those clusters: identities of callers may be theirs. */
  readonly namespacesElsewhere: ReadonlySet<string>;
}

export const DEFAULT_FACTS: AnalysisFacts = {
  now: undefined,
  rootNamespace: DEFAULT_ROOT_NAMESPACE,
  clusterDomain: 'cluster.local',
  meshConfig: undefined,
  hostsElsewhere: new Set(),
  namespacesElsewhere: new Set(),
};
