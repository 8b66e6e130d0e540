import { at, list, number, stringMap, text } from '../read-value.ts';
import { viewOf } from './view-of.ts';

export interface ServiceView {
  readonly type: string;
  readonly ports: readonly ServicePortView[];
  readonly selector: Readonly<Record<string, string>>;
}

export interface ServicePortView {
  readonly path: string;
  readonly name: string | undefined;
  readonly port: number | undefined;
  readonly protocol: string;
  readonly appProtocol: string | undefined;
  /** Port of the pods, where it is a number. */
  readonly targetPort: number | undefined;
}

export const serviceOf = viewOf(({ spec }): ServiceView => ({
  type: text(at(spec, 'type')) ?? 'ClusterIP',
  ports: list(at(spec, 'ports')).map((one, i) => ({
    path: `spec.ports[${i}]`,
    name: text(at(one, 'name')),
    port: number(at(one, 'port')),
    protocol: text(at(one, 'protocol')) ?? 'TCP',
    appProtocol: text(at(one, 'appProtocol')),
    targetPort: at(one, 'targetPort') === undefined ? number(at(one, 'port')) : number(at(one, 'targetPort')),
  })),
  selector: stringMap(at(spec, 'selector')),
}));
