import { presentFields } from '@meshfleet/manifest';
import type { JsonObject, KubeObject } from '@meshfleet/model';
import type { RouteParameters } from '../parameters/service-fields.ts';
import { standApart } from '../parameters/stand-apart.ts';

/** A destination of a route and its share. */
export interface Target {
  readonly host?: string;
  readonly subset?: string;
  readonly weight?: number;
}

export interface Rule {
  /** Names the rule in access logs and metrics of the proxies. */
  readonly name: string;
  readonly match?: readonly JsonObject[];
  readonly to: readonly Target[];
  /** Fields of the rule in place of what the parameters say for all. */
  readonly more?: JsonObject;
}

/**
 * The one VirtualService of a host. It is named after the host, so that two policies that would route one host meet as one
 * object, which the hub refuses, rather than as two, of which istiod drops the younger in silence.
 */
export function virtualService(parameters: RouteParameters, rules: readonly Rule[]): KubeObject {
  const { namespace, host, expose } = parameters;
  const exposed = expose?.hosts ?? [];
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: host, namespace },
    spec: {
      // A wildcard among them may stand for the host itself.
      hosts: standApart([host, ...exposed]) ? [host, ...exposed] : exposed,
      ...(expose === undefined ? {} : { gateways: ['mesh', ...expose.gateways] }),
      http: rules.map((rule) => httpRule(parameters, rule)),
    },
  };
}

function httpRule({ host, port, timeout, retries }: RouteParameters, { name, match, to, more = {} }: Rule): JsonObject {
  return presentFields({
    name,
    match,
    route: to.map((target) =>
      presentFields({
        destination: presentFields({ host: target.host ?? host, port: port === undefined ? undefined : { number: port }, subset: target.subset }),
        weight: target.weight,
      }),
    ),
    timeout,
    retries: retries === undefined ? undefined : retryPolicy(retries),
    ...more,
  });
}

export function retryPolicy({ attempts, perTryTimeout, retryOn }: NonNullable<RouteParameters['retries']>): JsonObject {
  if (attempts === 0) return { attempts };
  return presentFields({ attempts, perTryTimeout, retryOn: retryOn.join(',') });
}
