/**
 * The Envoy of these beds is the project's own build, without the filters that Istio adds to it (istio.alpn, istio.stats,
 * istio.metadata_exchange). These settings keep istiod from asking for them; policy, trust and routing do not need them.
 */
export const PLAIN_ENVOY_PILOT: Readonly<Record<string, string>> = { PILOT_ENABLE_METADATA_EXCHANGE: 'false' };

export const PLAIN_ENVOY_MESH: Readonly<Record<string, unknown>> = { enablePrometheusMerge: false, defaultProviders: {} };

export const PLAIN_ENVOY_FILTER = {
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'EnvoyFilter',
  metadata: { name: 'plain-envoy', namespace: 'istio-system' },
  spec: {
    configPatches: [
      {
        applyTo: 'HTTP_FILTER',
        match: { listener: { filterChain: { filter: { name: 'envoy.filters.network.http_connection_manager', subFilter: { name: 'istio.alpn' } } } } },
        patch: { operation: 'REMOVE' },
      },
    ],
  },
} as const;
