import { dnsLabelField, objectNameField, portField, presentFields, wildcardHostField } from '@meshfleet/manifest';
import type { JsonObject, KubeObject } from '@meshfleet/model';
import { z } from 'zod';
import type { RequestCohort } from './cohort.ts';
import { literally } from './cohort.ts';

const serviceParent = z.strictObject({
  kind: z.literal('SERVICE').meta({ title: 'Service', description: 'Requests of callers in the mesh to a Service.' }),
  name: dnsLabelField.meta({ title: 'Name', description: 'Name of the Service, in the namespace of the route.' }),
  port: portField.optional().meta({ title: 'Port', description: 'One port of it; all by default.' }),
});

const gatewayParent = z.strictObject({
  kind: z.literal('GATEWAY').meta({ title: 'Gateway', description: 'Requests that come in through a Gateway.' }),
  name: objectNameField.meta({ title: 'Name', description: 'Name of the Gateway.' }),
  namespace: dnsLabelField.optional().meta({ title: 'Namespace', description: 'Its namespace; that of the route by default.' }),
  listener: objectNameField.optional().meta({ title: 'Listener', description: 'One listener of it; all by default.' }),
  hosts: z.array(wildcardHostField).max(16).default([]).meta({ title: 'Hosts', description: 'Host names that callers use; all that the listener takes by default.' }),
});

export const backendFields = {
  service: dnsLabelField.meta({ title: 'Service', description: 'A Service in the namespace of the route.' }),
  port: portField.meta({ title: 'Port', description: 'Port of the Service.' }),
};
type Backend = z.output<z.ZodObject<typeof backendFields>>;

/** Where an HTTPRoute stands and what it is attached to. */
export const httpRouteFields = {
  namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the route and of the Services.' }),
  name: objectNameField.meta({ title: 'Name', description: 'Name of the HTTPRoute.' }),
  parent: z.discriminatedUnion('kind', [serviceParent, gatewayParent]).meta({ title: 'Attached to', description: 'A Service, for callers in the mesh; or a Gateway.' }),
};
type HttpRouteParameters = z.output<z.ZodObject<typeof httpRouteFields>>;

export function httpRoute({ namespace, name, parent }: HttpRouteParameters, rules: readonly JsonObject[]): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace },
    spec: {
      parentRefs: [parentOf(parent)],
      ...(parent.kind === 'SERVICE' || parent.hosts.length === 0 ? {} : { hostnames: parent.hosts }),
      rules: [...rules],
    },
  };
}

function parentOf(parent: HttpRouteParameters['parent']): JsonObject {
  if (parent.kind === 'SERVICE') return presentFields({ group: '', kind: 'Service', name: parent.name, port: parent.port });
  return presentFields({ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: parent.name, namespace: parent.namespace, sectionName: parent.listener });
}

export function backendRef({ service, port }: Backend, weight?: number): JsonObject {
  return presentFields({ name: service, port, weight });
}

/** The condition of an HTTPRoute under which a request is of the cohort. Its matches of headers are exact or regular expressions. */
export function cohortHeader(cohort: RequestCohort): JsonObject {
  if (cohort.by === 'COOKIE') return pattern('cookie', `(.*;\\s*)?${literally(`${cohort.name}=${cohort.value}`)}(;.*)?`);
  switch (cohort.match) {
    case 'EXACT':
      return { type: 'Exact', name: cohort.name, value: cohort.value };
    case 'PREFIX':
      return pattern(cohort.name, `${literally(cohort.value)}.*`);
    case 'REGEX':
      return pattern(cohort.name, cohort.value);
    case 'PRESENT':
      return pattern(cohort.name, '.*');
  }
}

function pattern(name: string, value: string): JsonObject {
  return { type: 'RegularExpression', name, value };
}

export const GATEWAY_API_NOTE = 'Works in every mesh that implements the Gateway API for Services (Istio in sidecar mode and with waypoints, Linkerd) and at Gateways. Versions are Services of their own here: the Gateway API knows no subsets.';
export const PRODUCER_NOTE = 'A route of a Service speaks for all its callers only in the Service’s own namespace. A VirtualService for the same host and an HTTPRoute exclude each other: remove the one first.';
