import type { Json, JsonObject } from '@meshfleet/model';
import { at, record, text } from '../../read-value.ts';

/** One text for all spellings of a match; its name does not decide anything. */
export function matchIdentity(match: JsonObject): string {
  const known = identities.get(match);
  if (known !== undefined) return known;
  const { name: _name, ...conditions } = match;
  const identity = sortedText(conditions);
  identities.set(match, identity);
  return identity;
}

const identities = new WeakMap<JsonObject, string>();

/** Conditions that an earlier match may leave out and still take all that a later one asks for. */
const MAY_BE_WIDER = new Set(['method', 'sourceLabels', 'sourceNamespace', 'gateways', 'scheme']);

/** Whether the earlier match takes whatever the later one asks for, by a shorter prefix of the path. */
export function coversByPrefix(earlier: JsonObject, later: JsonObject): boolean {
  const prefix = text(at(earlier, 'uri', 'prefix'));
  const narrower = text(at(later, 'uri', 'prefix'));
  if (prefix === undefined || narrower === undefined || prefix === narrower || !narrower.startsWith(prefix)) return false;
  for (const condition of new Set([...Object.keys(earlier), ...Object.keys(later)])) {
    if (condition === 'uri' || condition === 'name') continue;
    if (earlier[condition] === undefined && MAY_BE_WIDER.has(condition)) continue;
    if (!same(earlier[condition], later[condition])) return false;
  }
  return true;
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return a !== undefined && b !== undefined ? sortedText(a) === sortedText(b) : a === b;
}

/** JSON with sorted keys. Not canonicalJson, which throws at text that is not well-formed: a rule must not. */
function sortedText(value: Json): string {
  return JSON.stringify(value, (_key, child: unknown) => {
    const fields = record(child);
    return fields === undefined ? child : Object.fromEntries(Object.entries(fields).sort(([x], [y]) => (x < y ? -1 : 1)));
  });
}
