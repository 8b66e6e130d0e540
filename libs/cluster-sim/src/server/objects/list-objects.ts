import type { KubeObject } from '@meshfleet/model';
import type { ResourceInfo } from '../../seam.ts';
import type { Table } from '../../storage/table.ts';
import { parseFieldSelector } from '../field-selector.ts';
import { parseLabelSelector } from '../label-selector.ts';
import { badRequest, expired, invalid, timeout, type StatusError } from '../status-error.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import { inVersion, tableOf, type Engine } from './engine.ts';

export interface ListOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
}

export interface ListResult {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

const TOO_OLD_CONTINUE =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, ' +
  'or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an ' +
  'inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

/** LIST: a snapshot at one resource version, in pages when a limit is given; all pages of one list see the same snapshot. */
export function listObjects(engine: Engine, info: ResourceInfo, namespace: string | undefined, options: ListOptions): ListResult {
  const matches = predicate(info, options);
  const table = tableOf(engine, info);
  const current = engine.store.resourceVersion;
  const { at, from } = position(table, current, options);
  const scope = info.namespaced && namespace !== undefined ? { namespace } : {};
  const items: KubeObject[] = [];
  const limit = options.limit ?? 0;
  let next: string | undefined;
  for (const { key, object } of table.scan({ ...scope, ...(from === undefined ? {} : { from }), ...(at === current ? {} : { at }) })) {
    if (matches !== undefined && !matches(object)) continue;
    if (limit > 0 && items.length === limit) {
      next = key;
      break;
    }
    items.push(inVersion(object, info));
  }
  if (next === undefined) return { items, resourceVersion: String(at) };
  const remaining = matches === undefined && at === current ? table.countFrom(next, scope.namespace) : undefined;
  return {
    items,
    resourceVersion: String(at),
    continue: encodeContinue({ resourceVersion: at, start: next }),
    ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
  };
}

/** Selectors of a list or watch in one predicate; undefined lets everything through. */
export function predicate(info: ResourceInfo, options: Pick<ListOptions, 'labelSelector' | 'fieldSelector'>): ((object: KubeObject) => boolean) | undefined {
  const byLabel = parseLabelSelector(options.labelSelector);
  const byField = parseFieldSelector(options.fieldSelector, info);
  if (byLabel === undefined) return byField;
  if (byField === undefined) return (object) => byLabel(object.metadata.labels);
  return (object) => byLabel(object.metadata.labels) && byField(object);
}

/** The number behind a resourceVersion parameter: undefined for none, 400 for what is no number. */
export function parseResourceVersion(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^\d+$/.test(text)) throw badRequest(`resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function position(table: Table, current: number, options: ListOptions): { at: number; from?: string } {
  const asked = parseResourceVersion(options.resourceVersion);
  checkMatch(options, asked);
  if (options.continue !== undefined && options.continue !== '') {
    if (asked !== undefined && asked !== 0) throw badRequest('specifying resource version is not allowed when using continue');
    const token = decodeContinue(options.continue);
    if (token.resourceVersion < 0) return { at: current, from: token.start };
    if (!table.log.covers(token.resourceVersion)) throw expiredContinue(token.start);
    return { at: token.resourceVersion, from: token.start };
  }
  if (asked === undefined || asked === 0) return { at: current };
  if (asked > current) {
    throw timeout(`Too large resource version: ${asked}, current: ${current}`, 1, [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }]);
  }
  if (options.resourceVersionMatch !== 'Exact') return { at: current };
  if (!table.log.covers(asked)) throw expired('The resourceVersion for the provided list is too old.');
  return { at: asked };
}

/** The error carries a token that goes on without a snapshot. */
function expiredContinue(start: string): StatusError {
  const error = expired(TOO_OLD_CONTINUE);
  error.status.metadata = { continue: encodeContinue({ resourceVersion: -1, start }) };
  return error;
}

function checkMatch(options: ListOptions, asked: number | undefined): void {
  const match = options.resourceVersionMatch;
  if (match === undefined || match === '') return;
  const refuse = (message: string) =>
    invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [{ reason: 'FieldValueForbidden', message, field: 'resourceVersionMatch' }]);
  if (options.continue !== undefined && options.continue !== '') throw refuse('Forbidden: resourceVersionMatch is forbidden when continue is provided');
  if (asked === undefined) throw refuse('Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided');
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
      {
        reason: 'FieldValueNotSupported',
        message: `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""`,
        field: 'resourceVersionMatch',
      },
    ]);
  }
  if (match === 'Exact' && asked === 0) throw refuse('Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
}
