import { isRecord } from './json-equal.ts';
import { itemElement } from './list-items.ts';
import type { PathElement } from './path-element.ts';
import { fieldNode, shapeOf, type Shape, type TypeNode } from './shape.ts';

/** Lays an applied configuration over the live object: its leaves win, what it does not speak of stays. */
export function mergeValues(live: unknown, config: unknown, node: TypeNode): unknown {
  if (config === undefined) return live;
  if (live === undefined) return config;
  const shape = shapeOf(node, config ?? live);
  switch (shape.kind) {
    case 'scalar':
      return config;
    case 'list':
      if (shape.relation === 'atomic') return config;
      return mergeLists(live, config, shape);
    case 'map':
      if (shape.atomic) return config;
      return mergeMaps(live, config, shape);
  }
}

function mergeMaps(live: unknown, config: unknown, shape: Shape & { kind: 'map' }): unknown {
  if (!isRecord(live) || Object.keys(live).length === 0) return config;
  // An explicit null takes a granular map's side of "says nothing".
  if (!isRecord(config)) return live;
  const out: Record<string, unknown> = { ...live };
  for (const [name, value] of Object.entries(config)) {
    const node = fieldNode(shape, name);
    out[name] = node === undefined ? value : mergeValues(live[name], value, node);
  }
  return out;
}

function mergeLists(live: unknown, config: unknown, shape: Shape & { kind: 'list' }): unknown {
  if (!Array.isArray(live) || live.length === 0) return config;
  if (!Array.isArray(config)) return live;
  return new ListMerge(shape, live, config).run();
}

interface NamedItem {
  readonly element: PathElement;
  readonly item: unknown;
}

/**
 * Merges two associative lists. Items of the configuration come in its order; live items that it does not name stay where they stand
 * relative to the shared items that follow them. The order is structured-merge-diff's, step by step: list order is visible to users.
 */
class ListMerge {
  readonly #shape: Shape & { kind: 'list' };
  readonly #live: readonly NamedItem[];
  readonly #config: readonly NamedItem[];
  readonly #liveItems = new Map<PathElement, unknown[]>();
  readonly #configItems = new Map<PathElement, unknown>();

  constructor(shape: Shape & { kind: 'list' }, live: readonly unknown[], config: readonly unknown[]) {
    this.#shape = shape;
    this.#live = named(shape, live);
    this.#config = named(shape, config);
    for (const { element, item } of this.#live) this.#liveItems.set(element, [...(this.#liveItems.get(element) ?? []), item]);
    for (const { element, item } of this.#config) this.#configItems.set(element, item);
  }

  run(): unknown[] {
    const out: unknown[] = [];
    const shared = this.#config.map(({ element }) => element).filter((element) => this.#liveItems.has(element));
    const merged = new Set<PathElement>();
    let l = 0;
    let r = 0;
    while (l < this.#live.length || r < this.#config.length) {
      const live = this.#live[l];
      const config = this.#config[r];
      if (live !== undefined && config !== undefined && live.element !== config.element) {
        const elsewhere = this.#configItems.has(live.element) && shared[0] !== undefined && shared[0] !== live.element;
        if (elsewhere) {
          // Its turn comes where the configuration puts it.
          l += 1;
          continue;
        }
      }
      if (live !== undefined && !this.#configItems.has(live.element)) {
        out.push(live.item);
        l += 1;
        continue;
      }
      if (live !== undefined && (live.element === config?.element || merged.has(live.element))) l += 1;
      if (config === undefined) continue;
      out.push(this.#mergedItem(config.element));
      merged.add(config.element);
      r += 1;
      if (shared[0] === config.element) shared.shift();
    }
    return out;
  }

  #mergedItem(element: PathElement): unknown {
    const live = this.#liveItems.get(element) ?? [];
    // Duplicates in the live list are replaced by the one that is applied.
    return mergeValues(live.length === 1 ? live[0] : undefined, this.#configItems.get(element), this.#shape.item);
  }
}

function named(shape: Shape & { kind: 'list' }, items: readonly unknown[]): NamedItem[] {
  return items.flatMap((item) => {
    const name = itemElement(shape, item);
    return 'element' in name ? [{ element: name.element, item }] : [];
  });
}
