import { dnsLabelField, objectNameField, portField } from '@meshfleet/manifest';
import type { Json, JsonObject, KubeObject } from '@meshfleet/model';
import { z } from 'zod';

/** The Service whose callers follow the route. */
export const serviceRouteFields = {
  namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the Service and of the route.' }),
  name: objectNameField.meta({ title: 'Name', description: 'Name of the HTTPRoute.' }),
  service: dnsLabelField.meta({ title: 'Service', description: 'The Service that callers name.' }),
  port: portField.meta({ title: 'Port', description: 'Its port.' }),
};
type ServiceRouteParameters = z.output<z.ZodObject<typeof serviceRouteFields>>;

/** Requests with a header, as Linkerd's routes tell them. */
export const headerCohort = z.strictObject({
  header: z.string().max(100).regex(/^[a-z0-9][-a-z0-9_]*$/, 'Must be the name of a header in lower case, as in "x-tester"').meta({ title: 'Header', description: 'Name in lower case.' }),
  match: z.enum(['EXACT', 'REGEX']).default('EXACT').meta({ title: 'Match', description: 'How the value is compared.' }),
  value: z.string().min(1).max(1_024).meta({ title: 'Value', description: 'The value, or a regular expression for all of it.' }),
});

export const backendFields = {
  service: dnsLabelField.meta({ title: 'Service', description: 'A Service in the same namespace.' }),
  port: portField.meta({ title: 'Port', description: 'Port of that Service.' }),
};

export function cohortMatch({ header, match, value }: z.output<typeof headerCohort>): JsonObject {
  return { headers: [{ type: match === 'EXACT' ? 'Exact' : 'RegularExpression', name: header, value }] };
}

export function backendRef({ service, port }: { readonly service: string; readonly port: number }, weight?: number): JsonObject {
  return { name: service, port, ...(weight === undefined ? {} : { weight }) };
}

/** A route of callers to a Service, in Linkerd's own kind, which is there wherever Linkerd is. */
export function serviceRoute({ namespace, name, service, port }: ServiceRouteParameters, rules: readonly Json[], annotations?: Record<string, string>): KubeObject {
  return {
    apiVersion: 'policy.linkerd.io/v1beta3',
    kind: 'HTTPRoute',
    metadata: { name, namespace, ...(annotations === undefined ? {} : { annotations }) },
    spec: { parentRefs: [{ group: 'core', kind: 'Service', name: service, port }], rules: [...rules] },
  };
}

export const CALLERS_NOTE = 'Callers’ proxies follow it: a caller without one is not touched. A ServiceProfile of the same Service takes its place; remove it first.';
export const OLDEST_ROUTE_NOTE = 'Where several routes of a Service match a request equally well, Linkerd takes the oldest.';
