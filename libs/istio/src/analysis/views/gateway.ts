import { at, list, number, record, stringMap, text, texts } from '../read-value.ts';
import type { JsonObject } from '@meshfleet/model';
import { viewOf } from './view-of.ts';

export interface GatewayView {
  readonly selector: Readonly<Record<string, string>>;
  readonly servers: readonly ServerView[];
}

export interface ServerView {
  readonly path: string;
  readonly port: number | undefined;
  readonly protocol: string;
  readonly bind: string;
  readonly hosts: readonly string[];
  readonly tls: JsonObject | undefined;
}

/** Istio's own Gateway, not the Gateway API's. */
export const gatewayOf = viewOf(({ spec }): GatewayView => ({
  selector: stringMap(at(spec, 'selector')),
  servers: list(at(spec, 'servers')).map((one, i) => ({
    path: `spec.servers[${i}]`,
    port: number(at(one, 'port', 'number')),
    protocol: text(at(one, 'port', 'protocol')) ?? '',
    bind: text(at(one, 'bind')) ?? '',
    hosts: texts(at(one, 'hosts')),
    tls: record(at(one, 'tls')),
  })),
}));
