import { dnsLabelField, labelsField, portField } from '@meshfleet/manifest';
import type { JsonObject } from '@meshfleet/model';
import { z } from 'zod';

/** Whose proxies count. */
export const limitedFields = {
  name: dnsLabelField.meta({ title: 'Name', description: 'Name of the limit and of its object.' }),
  namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the workloads.' }),
  labels: labelsField.meta({ title: 'Labels', description: 'Labels of the workloads whose proxies count.' }),
  at: z.enum(['SIDECAR', 'GATEWAY']).default('SIDECAR').meta({ title: 'At', description: 'SIDECAR counts what comes in to a workload; GATEWAY what passes a gateway of Istio.' }),
  port: portField.optional().meta({ title: 'Port', description: 'Only requests to this port: of the container, or of the gateway.' }),
};

export type Limited = z.output<z.ZodObject<typeof limitedFields>>;

/** Where in the chain a filter of HTTP goes: right before the router, so that authentication comes first. */
export function beforeRouter({ at, port }: Limited, filter: JsonObject): JsonObject {
  const chain = { filter: { name: 'envoy.filters.network.http_connection_manager', subFilter: { name: 'envoy.filters.http.router' } } };
  const listener: JsonObject = at === 'SIDECAR' ? { filterChain: { ...(port === undefined ? {} : { destinationPort: port }), ...chain } } : { ...(port === undefined ? {} : { portNumber: port }), filterChain: chain };
  return { applyTo: 'HTTP_FILTER', match: { context: contextOf(at), listener }, patch: { operation: 'INSERT_BEFORE', value: filter } };
}

export function contextOf(at: Limited['at']): string {
  return at === 'SIDECAR' ? 'SIDECAR_INBOUND' : 'GATEWAY';
}

export const ENVOY_FILTER_NOTE =
  'Istio has no resource for rate limits: this is an EnvoyFilter, which reaches into the proxies’ own configuration. Look at it again with every upgrade of Istio. Ambient mode’s ztunnel knows none; waypoints are not covered.';
