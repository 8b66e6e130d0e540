import type { Json } from '@meshfleet/model';
import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Alias, Document, Node, Pair, YAMLMap } from 'yaml';
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
export function convertYaml(document: Document, faults: ConversionFault[]): Json {
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
    const value = isMap(node) ? convertMap(node, depth) : isSeq(node) ? node.items.map((item) => convert(item, depth + 1)) : convertScalar(node);
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
    const text = String(node.value ?? '');
    if (node.type === 'PLAIN' && SEPARATOR.test(text)) fault('separator', node, text);
    const value = scalarValue(text, node.type === 'PLAIN' || node.type === undefined, node.tag);
    if (value !== NOT_A_JSON_NUMBER) return value;
    fault('number', node, text);
    return null;
  };

  const keyText = (key: unknown): string | undefined => {
    if (key === null) return 'null';
    if (!isScalar(key)) return undefined;
    const value = scalarValue(String(key.value ?? ''), key.type === 'PLAIN', key.tag);
    return value === NOT_A_JSON_NUMBER ? String(key.value) : String(value);
  };

  return convert(document.contents, 0);
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
