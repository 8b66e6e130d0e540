import type { JsonObject } from '@meshfleet/model';
import { at, list, number, record, stringMap, text, texts } from '../read-value.ts';
import { viewOf } from './view-of.ts';

export interface DestinationRuleView {
  readonly host: string;
  readonly exportTo: readonly string[];
  readonly subsets: readonly SubsetView[];
  /** The rule's own traffic policy, those of its subsets, and those of single ports, each with its path. */
  readonly policies: readonly TrafficPolicyView[];
  /** It is for the clients that this selects alone; empty for all. */
  readonly workloadSelector: Readonly<Record<string, string>>;
}

export interface SubsetView {
  readonly path: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface TrafficPolicyView {
  readonly path: string;
  readonly level: 'rule' | 'subset' | 'port';
  readonly port: number | undefined;
  readonly body: JsonObject;
}

export const destinationRuleOf = viewOf(({ spec }): DestinationRuleView => {
  const subsets = list(at(spec, 'subsets'));
  return {
    host: text(at(spec, 'host')) ?? '',
    exportTo: texts(at(spec, 'exportTo')),
    subsets: subsets.map((one, i) => ({ path: `spec.subsets[${i}]`, name: text(at(one, 'name')) ?? '', labels: stringMap(at(one, 'labels')) })),
    policies: [...policiesOf('spec.trafficPolicy', 'rule', at(spec, 'trafficPolicy')), ...subsets.flatMap((one, i) => policiesOf(`spec.subsets[${i}].trafficPolicy`, 'subset', at(one, 'trafficPolicy')))],
    workloadSelector: stringMap(at(spec, 'workloadSelector', 'matchLabels')),
  };
});

function policiesOf(path: string, level: 'rule' | 'subset', value: unknown): TrafficPolicyView[] {
  const body = record(value);
  if (body === undefined) return [];
  const ports = list(body['portLevelSettings']).map((one, i) => ({ path: `${path}.portLevelSettings[${i}]`, level: 'port' as const, port: number(at(one, 'port', 'number')), body: record(one) ?? {} }));
  return [{ path, level, port: undefined, body }, ...ports];
}
