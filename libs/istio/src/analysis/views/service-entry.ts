import { at, list, number, stringMap, text, texts } from '../read-value.ts';
import { viewOf } from './view-of.ts';

export interface ServiceEntryView {
  readonly hosts: readonly string[];
  readonly addresses: readonly string[];
  readonly exportTo: readonly string[];
  readonly ports: readonly EntryPortView[];
  readonly resolution: string;
  readonly workloadSelector: Readonly<Record<string, string>>;
}

export interface EntryPortView {
  readonly path: string;
  readonly number: number | undefined;
  readonly name: string;
  /** As written; empty when it is left out. */
  readonly protocol: string;
}

export const serviceEntryOf = viewOf(({ spec }): ServiceEntryView => ({
  hosts: texts(at(spec, 'hosts')),
  addresses: texts(at(spec, 'addresses')),
  exportTo: texts(at(spec, 'exportTo')),
  ports: list(at(spec, 'ports')).map((one, i) => ({ path: `spec.ports[${i}]`, number: number(at(one, 'number')), name: text(at(one, 'name')) ?? '', protocol: text(at(one, 'protocol')) ?? '' })),
  resolution: text(at(spec, 'resolution')) ?? 'NONE',
  workloadSelector: stringMap(at(spec, 'workloadSelector', 'labels')),
}));
