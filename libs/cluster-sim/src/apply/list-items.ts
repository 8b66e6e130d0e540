import { keyElement, valueElement, type PathElement } from './path-element.ts';
import { DEDUCED, type Shape } from './shape.ts';

type ListShape = Shape & { kind: 'list' };

/** What an item of a set or associative list is called. A text instead of an element says why it has no name. */
export function itemElement(shape: ListShape, item: unknown): { element: PathElement } | { problem: string } {
  return shape.relation === 'map' ? keyedItem(shape, item) : setItem(item);
}

/** Items by path element in order of appearance; duplicates share an entry. Items without a name are left out. */
export function indexItems(shape: ListShape, items: readonly unknown[]): Map<PathElement, unknown[]> {
  const index = new Map<PathElement, unknown[]>();
  for (const item of items) {
    const named = itemElement(shape, item);
    if (!('element' in named)) continue;
    const known = index.get(named.element);
    if (known === undefined) index.set(named.element, [item]);
    else known.push(item);
  }
  return index;
}

function keyedItem(shape: ListShape, item: unknown): { element: PathElement } | { problem: string } {
  if (item === null || item === undefined) return { problem: 'associative list with keys may not have a null element' };
  if (typeof item !== 'object' || Array.isArray(item)) return { problem: 'associative list with keys may not have non-map elements' };
  // Checked above: a plain JSON object.
  const record = item as Record<string, unknown>;
  const keys: Record<string, unknown> = {};
  for (const name of shape.keys) {
    const value = Object.hasOwn(record, name) ? record[name] : keyDefault(shape, name);
    if (value !== undefined) keys[name] = value;
  }
  if (shape.keys.length > 0 && Object.keys(keys).length === 0) {
    const names = shape.keys.map((name) => JSON.stringify(name)).join(' ');
    return {
      problem: `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
    };
  }
  return { element: keyElement(keys) };
}

/** `protocol` of a port that says none is TCP: the schema's default is part of its identity. */
function keyDefault(shape: ListShape, name: string): unknown {
  if (shape.item === DEDUCED) return undefined;
  const key = shape.item.properties?.[name];
  return key?.default ?? key?.zeroDefault;
}

function setItem(item: unknown): { element: PathElement } | { problem: string } {
  if (item === null || item === undefined) return { problem: 'associative list without keys has an element that\'s an explicit null' };
  if (Array.isArray(item)) return { problem: 'not supported: associative list with lists as elements' };
  if (typeof item === 'object') return { problem: 'associative list without keys has an element that\'s a map type' };
  return { element: valueElement(item) };
}
