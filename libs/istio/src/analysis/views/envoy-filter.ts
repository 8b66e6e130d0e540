import type { JsonObject } from '@meshfleet/model';
import { at, list, number, record, text } from '../read-value.ts';
import { viewOf } from './view-of.ts';

export interface EnvoyFilterView {
  readonly priority: number;
  readonly patches: readonly EnvoyPatchView[];
}

export interface EnvoyPatchView {
  readonly path: string;
  readonly applyTo: string;
  readonly operation: string;
  /** Name of the filter that it puts in or changes. */
  readonly filter: string;
  readonly proxyVersion: string;
  readonly body: JsonObject;
}

export const envoyFilterOf = viewOf(({ spec }): EnvoyFilterView => ({
  priority: number(at(spec, 'priority')) ?? 0,
  patches: list(at(spec, 'configPatches')).map((one, i) => ({
    path: `spec.configPatches[${i}]`,
    applyTo: text(at(one, 'applyTo')) ?? 'INVALID',
    operation: text(at(one, 'patch', 'operation')) ?? 'INVALID',
    filter: text(at(one, 'patch', 'value', 'name')) ?? '',
    proxyVersion: text(at(one, 'match', 'proxy', 'proxyVersion')) ?? '',
    body: record(one) ?? {},
  })),
}));

/** Whether istiod leaves a patch alone, because its operation means nothing for what it is applied to. */
export function isMisused({ operation, applyTo }: EnvoyPatchView): boolean {
  switch (operation) {
    case 'REPLACE':
      return !['HTTP_FILTER', 'NETWORK_FILTER', 'VIRTUAL_HOST'].includes(applyTo);
    case 'ADD':
    case 'REMOVE':
      return applyTo === 'ROUTE_CONFIGURATION' || applyTo === 'HTTP_ROUTE';
    default:
      return false;
  }
}
