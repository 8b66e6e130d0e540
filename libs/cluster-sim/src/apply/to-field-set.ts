import { FieldSet } from './field-set.ts';
import { isRecord } from './json-equal.ts';
import { indexItems } from './list-items.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { fieldNode, shapeOf, type Shape, type TypeNode } from './shape.ts';

/**
 * The fields that a configuration speaks of: what its applier will own. Leaves, atomic values, items of associative lists, and the keys of
 * maps that are no fields of a struct.
 */
export function toFieldSet(value: unknown, node: TypeNode): FieldSet {
  const set = new FieldSet();
  visit(value, node, [], set);
  return set;
}

function visit(value: unknown, node: TypeNode, path: PathElement[], set: FieldSet): void {
  const shape = shapeOf(node, value);
  switch (shape.kind) {
    case 'scalar':
      set.insert(path);
      return;
    case 'list':
      if (shape.relation === 'atomic') set.insert(path);
      else if (Array.isArray(value)) visitItems(value, shape, path, set);
      return;
    case 'map':
      if (shape.atomic) set.insert(path);
      else if (isRecord(value)) visitFields(value, shape, path, set);
  }
}

function visitItems(items: readonly unknown[], shape: Shape & { kind: 'list' }, path: PathElement[], set: FieldSet): void {
  for (const [element, same] of indexItems(shape, items)) {
    path.push(element);
    // Duplicates are owned as one, without a say about their inside.
    if (same.length === 1) visit(same[0], shape.item, path, set);
    set.insert(path);
    path.pop();
  }
}

function visitFields(record: Record<string, unknown>, shape: Shape & { kind: 'map' }, path: PathElement[], set: FieldSet): void {
  for (const [name, value] of Object.entries(record)) {
    const node = fieldNode(shape, name);
    if (node === undefined) continue;
    path.push(fieldElement(name));
    visit(value, node, path, set);
    const hollow = value === null || (isRecord(value) && Object.keys(value).length === 0);
    if (hollow || !Object.hasOwn(shape.fields, name)) set.insert(path);
    path.pop();
  }
}
