/** One value of a JSON text: the slice that holds it, and the keys that stand twice in one of its objects. */
export interface JsonSlice {
  readonly start: number;
  readonly end: number;
  readonly duplicates: readonly { readonly key: string; readonly first: number; readonly second: number }[];
  /** Where it goes deeper than any manifest does. */
  readonly tooDeep?: number;
}

const MAX_DEPTH = 200;

interface Level {
  readonly object: boolean;
  readonly keys: Map<string, number>;
  expectsKey: boolean;
}

/**
 * Cuts a text into the JSON values that it consists of: one, several in a row, or the elements of an outer array.
 * It follows brackets and strings only; whether each slice is JSON is for JSON.parse to say.
 * Undefined when the brackets do not match.
 */
export function scanJson(text: string): JsonSlice[] | undefined {
  const outerArray = /^\s*\[/.test(text);
  const base = outerArray ? 1 : 0;
  const slices: JsonSlice[] = [];
  const levels: Level[] = [];
  let duplicates: { key: string; first: number; second: number }[] = [];
  let start = -1;
  let tooDeep: number | undefined;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    const top = levels.at(-1);
    if (c === '"') {
      const end = endOfString(text, i);
      if (end === -1 || levels.length < base) return undefined;
      if (levels.length === base) return undefined;
      if (top?.object === true && top.expectsKey) {
        const key = text.slice(i + 1, end);
        const first = top.keys.get(key);
        if (first === undefined) top.keys.set(key, i);
        else duplicates.push({ key, first, second: i });
        top.expectsKey = false;
      }
      i = end;
    } else if (c === '{' || c === '[') {
      if (levels.length === base && !(outerArray && levels.length === 0)) {
        start = i;
        duplicates = [];
        tooDeep = undefined;
      }
      if (levels.length > MAX_DEPTH) tooDeep ??= i;
      levels.push({ object: c === '{', keys: new Map(), expectsKey: c === '{' });
    } else if (c === '}' || c === ']') {
      if (top === undefined || top.object !== (c === '}')) return undefined;
      levels.pop();
      if (levels.length === base && start !== -1) {
        slices.push({ start, end: i + 1, duplicates, ...(tooDeep === undefined ? {} : { tooDeep }) });
        start = -1;
      }
    } else if (c === ',' && top?.object === true) {
      top.expectsKey = true;
    } else if (levels.length <= base && !/[\s,]/.test(c ?? '')) {
      return undefined;
    }
  }
  return levels.length === 0 ? slices : undefined;
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === '"') return i;
  }
  return -1;
}
