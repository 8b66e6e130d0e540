import { positiveDurationField, dnsLabelField, portField, hostField, publicHostField } from '@meshfleet/manifest';
import { z } from 'zod';
import { isNamedStatus } from '../../named-statuses.ts';
import { standApart } from './stand-apart.ts';

/** Which service a preset of traffic is about. */
export const serviceFields = {
  namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the service, in which the objects are written.' }),
  host: hostField.meta({ title: 'Host', description: 'Name of the Service in that namespace; or a whole host name, as a ServiceEntry has.' }),
};

export const retryConditions = z
  .array(
    z.union([
      z.enum(['5xx', 'gateway-error', 'reset', 'reset-before-request', 'connect-failure', 'envoy-ratelimited', 'retriable-4xx', 'refused-stream', 'cancelled', 'deadline-exceeded', 'internal', 'resource-exhausted', 'unavailable']),
      z.int().min(400).max(599).refine(isNamedStatus, 'Must be a status that HTTP names, as in 503: istiod takes no others'),
    ]),
  )
  .min(1);

const perTryTimeout = positiveDurationField.optional().meta({ title: 'Time per attempt', description: 'How long one attempt may take. Without it an attempt may take the whole timeout.' });

/** As Istio itself sets them when a route says nothing of retries, but for the attempts. */
export const retryFields = {
  attempts: z.int().min(0).max(10).meta({ title: 'Attempts', description: 'How often a failed request is sent again at most; 0 switches off the two retries that Istio makes by default.' }),
  perTryTimeout,
  retryOn: retryConditions
    .default(['connect-failure', 'refused-stream', 'unavailable', 'cancelled', 503])
    .meta({ title: 'Retry on', description: 'What counts as failed: conditions of Envoy, and status codes.' }),
};

const expose = z
  .strictObject({
    gateways: z
      .array(z.string().regex(/^([a-z0-9]([-a-z0-9]*[a-z0-9])?\/)?[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'Write the name of a Gateway, without dots, as in "public" or "istio-ingress/public"'))
      .min(1)
      .meta({ title: 'Gateways', description: 'Gateways of Istio, as namespace/name.' }),
    hosts: z
      .array(publicHostField)
      .min(1)
      .refine(standApart, 'Name each host once, and none beside a wildcard that covers it: istiod refuses both')
      .meta({ title: 'Hosts', description: 'Host names that callers outside use.' }),
  })
  .optional()
  .meta({ title: 'Also at gateways', description: 'The same rules for requests that come in through gateways. Without it they hold inside the mesh.' });

/** What every preset that writes the routes of a service may say beside its own: a host has one VirtualService. */
export const routeFields = {
  ...serviceFields,
  port: portField.optional().meta({ title: 'Port', description: 'Port of the Service. Needed where it has several and callers come through a gateway.' }),
  expose,
  timeout: positiveDurationField.optional().meta({ title: 'Timeout', description: 'How long a request may take with all its retries. Istio has none by default.' }),
  retries: z.strictObject(retryFields).optional().meta({ title: 'Retries', description: 'Without it Istio retries twice what never reached the service.' }),
};

export type RouteParameters = z.output<z.ZodObject<typeof routeFields>>;
