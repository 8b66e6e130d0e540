import { withoutReferences } from '@meshfleet/manifest';
import { z } from 'zod';

const SIDECAR_HOST = /^(?:\*|\.|[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)\/(?:\*|(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)$/;

/** A host as the Sidecar resource names it: namespace, or "." or "*", and a host name, which may be or start with a wildcard. */
const sidecarHost = z
  .string()
  .max(320)
  .refine((host) => SIDECAR_HOST.test(withoutReferences(host)), 'Must be namespace and host, as in "./*", "pay/*" or "pay/ledger.pay.svc.cluster.local"')
  .meta({ examples: ['./*', 'pay/*', 'istio-system/*', 'pay/ledger.pay.svc.cluster.local', '*/api.example.com'] });

/** Hosts of a Sidecar. What Istio warns of is refused: one that another covers, and anything beside all. */
export const sidecarHostsField = z
  .array(sidecarHost)
  .min(1)
  .refine((hosts) => !hosts.includes('*/*') || hosts.length === 1, 'With "*/*" there is nothing left to add')
  .refine((hosts) => new Set(hosts).size === hosts.length && hosts.every((host) => host.endsWith('/*') || !hosts.includes(`${host.slice(0, host.indexOf('/'))}/*`)), 'Name each host once, and none that another covers');
