import type { JsonPath } from './locate-path.ts';

/** Where the parts of a JSON value begin: of a property its key, of an item its value. */
export interface JsonOffsets {
  readonly start: number;
  readonly children: ReadonlyMap<string | number, JsonOffsets> | undefined;
}

/** The offsets of all parts of a JSON text that JSON.parse has accepted already. */
export function readJsonOffsets(text: string): JsonOffsets {
  let at = 0;
  const skipSpace = (): void => {
    while (at < text.length && text.charCodeAt(at) <= 32) at += 1;
  };
  const skipString = (): void => {
    at += 1;
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    at += 1;
  };
  const read = (start: number): JsonOffsets => {
    const open = text[at];
    if (open !== '{' && open !== '[') {
      if (open === '"') skipString();
      else while (at < text.length && !/[\s,\]}]/.test(text[at] ?? '')) at += 1;
      return { start, children: undefined };
    }
    const children = new Map<string | number, JsonOffsets>();
    at += 1;
    skipSpace();
    while (text[at] !== '}' && text[at] !== ']') {
      const begin = at;
      let name: string | number = children.size;
      if (open === '{') {
        skipString();
        name = JSON.parse(text.slice(begin, at)) as string;
        skipSpace();
        at += 1;
        skipSpace();
      }
      children.set(name, read(begin));
      skipSpace();
      if (text[at] === ',') at += 1;
      skipSpace();
    }
    at += 1;
    return { start, children };
  };
  skipSpace();
  return read(at);
}

/** Offset of what a path leads to; where the path ends early, of its last known part. */
export function jsonOffsetOf(offsets: JsonOffsets, path: JsonPath): number {
  let node = offsets;
  for (const step of path) {
    const child = node.children?.get(step);
    if (child === undefined) return node.start;
    node = child;
  }
  return node.start;
}
