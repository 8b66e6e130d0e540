import { at, text } from './analysis/read-value.ts';

/** Istio's own default, where nothing tells otherwise. */
export const DEFAULT_ROOT_NAMESPACE = 'istio-system';

/**
 * The root namespace of a cluster's mesh, where policies without a selector hold for all of it: what Sail Operator's `Istio`
 * objects say (`meshConfig.rootNamespace`, else where istiod runs), else where the control planes run that the agent
 * sees. Undefined when nobody says, or they do not agree.
 *
 * @param installations specs of the cluster's `Istio.sailoperator.io` objects
 * @param controlPlanes namespaces of its istiods
 */
export function rootNamespaceOf(installations: readonly unknown[], controlPlanes: readonly string[] = []): string | undefined {
  return only(installations.map((spec) => text(at(spec, 'values', 'meshConfig', 'rootNamespace')) ?? text(at(spec, 'namespace')))) ?? (installations.length > 1 ? undefined : only(controlPlanes));
}

function only(said: readonly (string | undefined)[]): string | undefined {
  const [first, ...others] = new Set(said);
  return others.length === 0 ? first : undefined;
}
