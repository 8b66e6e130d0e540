import type { Json } from '@meshfleet/model';
import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Alias, Document, Node, Pair, Scalar, YAMLMap } from 'yaml';
import { NOT_A_JSON_NUMBER, resolveNumber, resolvePlain } from './resolve-scalar.ts';

/** Something in a document that cannot become JSON, at an offset of its text. */
export interface ConversionFault {
  readonly kind: 'duplicate-key' | 'complex-key' | 'number' | 'alias' | 'merge' | 'depth' | 'separator';
  readonly offset: number;
  /** The key or text concerned. */
  readonly subject: string;
  /** Where the first of two equal keys stands. */
  readonly other?: number;
}

const MAX_DEPTH = 200;
const SEPARATOR = /\s---(?:\s|$)/;

/** The JSON of a YAML document, by kubectl's rules. Aliases share the value they stand for. */
export function convertYaml(document: Document, text: string, faults: ConversionFault[]): Json {
  const anchors = new Map<string, Json>();
  const open = new Set<string>();

  const fault = (kind: ConversionFault['kind'], node: unknown, subject: string, other?: number): void => {
    faults.push({ kind, offset: startOf(node), subject, ...(other === undefined ? {} : { other }) });
  };

  const convert = (node: unknown, depth: number): Json => {
    if (node === null || node === undefined) return null;
    if (depth > MAX_DEPTH) {
      if (!faults.some((one) => one.kind === 'depth')) fault('depth', node, '');
      return null;
    }
    if (isAlias(node)) return convertAlias(node);
    const anchor = (node as Node & { anchor?: string }).anchor;
    if (anchor !== undefined) open.add(anchor);
    const value = isMap(node) ? convertMap(node, depth) : isSeq(node) ? node.items.map((item) => trailingColon(item, text) ?? convert(item, depth + 1)) : convertScalar(node);
    if (anchor !== undefined) {
      open.delete(anchor);
      anchors.set(anchor, value);
    }
    return value;
  };

  const convertAlias = (alias: Alias): Json => {
    const value = anchors.get(alias.source);
    if (value !== undefined && !open.has(alias.source)) return value;
    fault('alias', alias, alias.source);
    return null;
  };

  const convertMap = (map: YAMLMap, depth: number): Json => {
    const own = new Map<string, Json>();
    const offsets = new Map<string, number>();
    const merged: Json[] = [];
    for (const pair of map.items as Pair[]) {
      if (isScalar(pair.key) && pair.key.value === '<<' && pair.key.type === 'PLAIN') {
        merged.push(...mergeSources(pair, depth));
        continue;
      }
      const key = keyText(pair.key);
      if (key === undefined) {
        fault('complex-key', pair.key, '');
        continue;
      }
      const first = offsets.get(key);
      if (first !== undefined) fault('duplicate-key', pair.key, key, first);
      offsets.set(key, startOf(pair.key));
      own.set(key, convert(pair.value, depth + 1));
    }
    // Keys of the map itself win over merged ones; of those, the first source wins.
    for (const source of merged) for (const [key, value] of Object.entries(source as Record<string, Json>)) if (!own.has(key)) own.set(key, value);
    return toObject(own);
  };

  const mergeSources = (pair: Pair, depth: number): Json[] => {
    const value = convert(pair.value, depth + 1);
    const sources = Array.isArray(value) ? (value as readonly Json[]) : [value];
    const sound = sources.filter((source) => typeof source === 'object' && source !== null && !Array.isArray(source));
    if (sound.length !== sources.length) fault('merge', pair.key, '<<');
    return sound;
  };

  const convertScalar = (node: unknown): Json => {
    if (!isScalar(node)) return null;
    // The package resolves a few tags by itself; the source has what was written.
    const content = typeof node.value === 'string' ? node.value : (node.source ?? '');
    if (node.type === 'PLAIN' && SEPARATOR.test(content)) fault('separator', node, content);
    const value = scalarValue(unfinished(node) ? content.slice(0, -1) : content, node.type === 'PLAIN' || node.type === undefined, node.tag);
    if (value !== NOT_A_JSON_NUMBER) return value;
    fault('number', node, content);
    return null;
  };

  // A block at the very end of a text without a last line break has none either.
  const unfinished = (node: Scalar): boolean =>
    (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED') && !text.endsWith('\n') && node.range?.[1] === text.length && String(node.value).endsWith('\n');

  const keyText = (key: unknown): string | undefined => {
    if (!isScalar(key)) return undefined;
    const value = scalarValue(String(key.value ?? ''), key.type === 'PLAIN', key.tag);
    if (value === null) return undefined;
    return value === NOT_A_JSON_NUMBER ? String(key.value) : String(value);
  };

  return convert(document.contents, 0);
}

/**
 * `[10.0.0.1, fd00::]`: YAML 1.2 takes the last colon for the end of a key, YAML 1.1 and so kubectl for a part of
 * the address, as no blank follows it.
 */
function trailingColon(item: unknown, text: string): string | undefined {
  if (!isMap(item) || item.flow !== true || item.items.length !== 1 || text[startOf(item)] === '{') return undefined;
  const { key, value } = item.items[0] as Pair;
  if (!isScalar(key) || key.type !== 'PLAIN' || (value !== null && !(isScalar(value) && value.value === '' && value.type === 'PLAIN'))) return undefined;
  const colon = key.range?.[1] ?? -1;
  return text[colon] === ':' && /[\],]/.test(text[colon + 1] ?? '') ? `${String(key.value)}:` : undefined;
}

function scalarValue(text: string, plain: boolean, tag: string | undefined): Json | typeof NOT_A_JSON_NUMBER {
  switch (tag) {
    case 'tag:yaml.org,2002:binary':
      return decodeBase64(text);
    case 'tag:yaml.org,2002:int':
    case 'tag:yaml.org,2002:float':
      return resolveNumber(text) ?? text;
    case 'tag:yaml.org,2002:bool':
    case 'tag:yaml.org,2002:null':
      return resolvePlain(text);
    case 'tag:yaml.org,2002:str':
      return text;
    default:
      return plain && tag === undefined ? resolvePlain(text) : text;
  }
}

function decodeBase64(text: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(text.replace(/\s/g, '')), (c) => c.charCodeAt(0)));
  } catch {
    return text;
  }
}

function toObject(entries: ReadonlyMap<string, Json>): Json {
  const object: Record<string, Json> = {};
  for (const [key, value] of entries) {
    if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
    else object[key] = value;
  }
  return object;
}

export function startOf(node: unknown): number {
  const range = (node as { range?: readonly number[] } | null)?.range;
  return range?.[0] ?? 0;
}
