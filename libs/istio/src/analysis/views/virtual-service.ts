import { at, list, number, record, text, texts } from '../read-value.ts';
import type { JsonObject } from '@meshfleet/model';
import { viewOf } from './view-of.ts';

export interface VirtualServiceView {
  readonly hosts: readonly string[];
  /** As written; `mesh` alone when it names none. */
  readonly gateways: readonly string[];
  readonly exportTo: readonly string[];
  readonly routes: readonly RouteView[];
}

export interface RouteView {
  readonly protocol: 'http' | 'tls' | 'tcp';
  /** `spec.http[0]`. */
  readonly path: string;
  readonly body: JsonObject;
  readonly matches: readonly MatchView[];
  readonly destinations: readonly DestinationView[];
}

export interface MatchView {
  readonly path: string;
  readonly body: JsonObject;
}

export interface DestinationView {
  /** `spec.http[0].route[1].destination`. */
  readonly path: string;
  readonly role: 'route' | 'mirror';
  readonly host: string;
  readonly subset: string | undefined;
  readonly port: number | undefined;
  readonly weight: number | undefined;
}

export const virtualServiceOf = viewOf(({ spec }): VirtualServiceView => {
  const gateways = texts(at(spec, 'gateways'));
  return {
    hosts: texts(at(spec, 'hosts')),
    gateways: gateways.length === 0 ? ['mesh'] : gateways,
    exportTo: texts(at(spec, 'exportTo')),
    routes: (['http', 'tls', 'tcp'] as const).flatMap((protocol) =>
      list(at(spec, protocol)).flatMap((route, i) => {
        const body = record(route);
        return body === undefined ? [] : [routeOf(protocol, `spec.${protocol}[${i}]`, body)];
      }),
    ),
  };
});

function routeOf(protocol: RouteView['protocol'], path: string, body: JsonObject): RouteView {
  const destinations = list(body['route']).map((one, i) => destinationOf('route', `${path}.route[${i}].destination`, at(one, 'destination'), at(one, 'weight')));
  if (body['mirror'] !== undefined) destinations.push(destinationOf('mirror', `${path}.mirror`, body['mirror']));
  list(body['mirrors']).forEach((one, i) => destinations.push(destinationOf('mirror', `${path}.mirrors[${i}].destination`, at(one, 'destination'))));
  return {
    protocol,
    path,
    body,
    matches: list(body['match']).map((match, i) => ({ path: `${path}.match[${i}]`, body: record(match) ?? {} })),
    destinations: destinations.filter(({ host }) => host !== ''),
  };
}

function destinationOf(role: DestinationView['role'], path: string, destination: unknown, weight?: unknown): DestinationView {
  return { path, role, host: text(at(destination, 'host')) ?? '', subset: text(at(destination, 'subset')), port: number(at(destination, 'port', 'number')), weight: number(weight) };
}
