import type { FieldSet } from './field-set.ts';
import { isRecord } from './json-equal.ts';
import { itemElement } from './list-items.ts';
import { fieldElement } from './path-element.ts';
import { fieldNode, shapeOf, type Shape, type TypeNode } from './shape.ts';

/**
 * Takes the members of a set out of a value; undefined means nothing is left. A field that loses all it had stays as an explicit null: it was not
 * removed, so whoever owns the field itself keeps it.
 */
export function removeFields(value: unknown, fields: FieldSet, node: TypeNode): unknown {
  const shape = shapeOf(node, value);
  switch (shape.kind) {
    case 'scalar':
      return value;
    case 'list':
      if (!Array.isArray(value) || shape.relation === 'atomic') return undefined;
      return removeItems(value, fields, shape);
    case 'map':
      if (!isRecord(value) || shape.atomic) return undefined;
      return removeFromMap(value, fields, shape);
  }
}

function removeItems(items: readonly unknown[], fields: FieldSet, shape: Shape & { kind: 'list' }): unknown {
  const out: unknown[] = [];
  for (const item of items) {
    const name = itemElement(shape, item);
    if (!('element' in name)) {
      out.push(item);
      continue;
    }
    if (fields.members.has(name.element)) continue;
    const below = fields.children.get(name.element);
    const kept = below === undefined || below.empty ? item : removeFields(item, below, shape.item);
    out.push(kept === undefined ? null : kept);
  }
  return out.length === 0 ? undefined : out;
}

function removeFromMap(record: Record<string, unknown>, fields: FieldSet, shape: Shape & { kind: 'map' }): unknown {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    const element = fieldElement(name);
    if (fields.members.has(element)) continue;
    const below = fields.children.get(element);
    const node = fieldNode(shape, name);
    const kept = below === undefined || below.empty || node === undefined ? value : removeFields(value, below, node);
    out[name] = kept === undefined ? null : kept;
  }
  return Object.keys(out).length === 0 ? undefined : out;
}
