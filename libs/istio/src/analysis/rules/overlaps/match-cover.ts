import { canonicalJson } from '@meshfleet/model';
import type { JsonObject } from '@meshfleet/model';
import { at, record, text } from '../../read-value.ts';

/** One text for all spellings of a match; its name does not decide anything. */
export function sameMatches(match: JsonObject): string {
  const { name: _name, ...conditions } = match;
  return canonicalJson(conditions);
}

/** Whether whatever meets `later` also meets `earlier`, told by URI prefixes; all other conditions must be equal. */
export function coversByPrefix(earlier: JsonObject, later: JsonObject): boolean {
  const prefix = text(at(earlier, 'uri', 'prefix'));
  const narrower = text(at(later, 'uri', 'prefix'));
  if (prefix === undefined || narrower === undefined || !narrower.startsWith(prefix)) return false;
  return sameMatches(withoutUri(earlier)) === sameMatches(withoutUri(later));
}

function withoutUri(match: JsonObject): JsonObject {
  const { uri: _uri, ...rest } = record(match) ?? {};
  return rest;
}
