import { defineIndex } from '../engine/index-of.ts';
import type { Index } from '../engine/index-of.ts';
import type { KindName } from '../input/kinds.ts';
import { KIND } from '../input/kinds.ts';
import type { Resource } from '../input/resource.ts';

const inNamespace = (name: string, kind: KindName): Index<Resource> => defineIndex({ name, of: [kind], entries: (resource) => [[resource.namespace, resource]] });

// Key: a namespace.
export const sidecarsInNamespace = inNamespace('sidecars by namespace', KIND.Sidecar);
export const telemetriesInNamespace = inNamespace('telemetries by namespace', KIND.Telemetry);
export const peerAuthenticationsInNamespace = inNamespace('peer authentications by namespace', KIND.PeerAuthentication);
export const authorizationPoliciesInNamespace = inNamespace('authorization policies by namespace', KIND.AuthorizationPolicy);

/** Key: `namespace/name`. */
export const gatewaysByName = defineIndex<Resource>({ name: 'gateways by name', of: [KIND.Gateway], entries: (resource) => [[`${resource.namespace}/${resource.name}`, resource]] });

/** Gateways of the Gateway API. Key: `namespace/name`. */
export const kubeGatewaysByName = defineIndex<Resource>({ name: 'gateways of the Gateway API by name', of: [KIND.KubeGateway], entries: (resource) => [[`${resource.namespace}/${resource.name}`, resource]] });

/** Key: its name; `*` for every namespace. */
export const namespaces = defineIndex<Resource>({ name: 'namespaces', of: [KIND.Namespace], entries: (resource) => [[resource.name, resource], ['*', resource]] });
