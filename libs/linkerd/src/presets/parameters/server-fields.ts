import { dnsLabelField, labelsField, objectNameField, portField } from '@meshfleet/manifest';
import type { JsonObject, KubeObject } from '@meshfleet/model';
import { z } from 'zod';

/** A port of some pods, as Linkerd's Server names it. */
export const serverFields = {
  namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the pods.' }),
  name: objectNameField.meta({ title: 'Name', description: 'Name of the Server; the other objects are named after it.' }),
  labels: labelsField.meta({ title: 'Labels', description: 'Labels of the pods.' }),
  port: z.union([portField, z.string().max(15).regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'Must be the number or the name of a port')]).meta({ title: 'Port', description: 'Port of the container, by number or name.' }),
  protocol: z.enum(['unknown', 'HTTP/1', 'HTTP/2', 'gRPC', 'opaque', 'TLS']).default('unknown').meta({ title: 'Protocol', description: 'unknown lets the proxy find out.' }),
};
export type ServerParameters = z.output<z.ZodObject<typeof serverFields>>;

export function server({ namespace, name, labels, port, protocol }: ServerParameters, accessPolicy?: string): KubeObject {
  return {
    apiVersion: 'policy.linkerd.io/v1beta3',
    kind: 'Server',
    metadata: { name, namespace },
    spec: { podSelector: { matchLabels: labels }, port, proxyProtocol: protocol, ...(accessPolicy === undefined ? {} : { accessPolicy }) },
  };
}

/** Another object of Linkerd's policy. */
export function policyObject(kind: string, version: string, namespace: string, name: string, spec: JsonObject): KubeObject {
  return { apiVersion: `policy.linkerd.io/${version}`, kind, metadata: { name, namespace }, spec };
}

export function policyRef(kind: string, name: string): JsonObject {
  return { group: 'policy.linkerd.io', kind, name };
}

export const SERVER_NOTE = 'A port belongs to one Server: where two select the same port, Linkerd obeys the older. A Server denies whatever nothing allows.';
export const PROBE_NOTE = 'Linkerd lets probes of the kubelet pass by itself, but only while no route is attached to the Server; with routes, name the paths of the probes.';
