import { FieldSet } from './field-set.ts';
import { isRecord, jsonEqual } from './json-equal.ts';
import { indexItems } from './list-items.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { fieldNode, shapeOf, type Shape, type TypeNode } from './shape.ts';

/** What a change did, field by field. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/**
 * Compares two values as their schema owns them: atomic parts as one, associative lists by key whatever their order.
 * undefined stands for "not there", which differs from null.
 */
export function compareValues(before: unknown, after: unknown, node: TypeNode): Comparison {
  const comparison: Comparison = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
  visit(before, after, node, [], comparison);
  return comparison;
}

/** Removes fields that a strategy resets, and all below them, from a comparison. */
export function excludeFields(comparison: Comparison, fields: FieldSet): Comparison {
  return {
    added: comparison.added.recursiveDifference(fields),
    modified: comparison.modified.recursiveDifference(fields),
    removed: comparison.removed.recursiveDifference(fields),
  };
}

function visit(before: unknown, after: unknown, node: TypeNode, path: PathElement[], out: Comparison): void {
  // Same frozen part: nothing to find below.
  if (before === after) return;
  const shape = after === undefined || after === null ? shapeOf(node, before) : shapeOf(node, after);
  const other = before === undefined || before === null || after === undefined || after === null ? shape : shapeOf(node, before);
  if (other.kind !== shape.kind || isLeaf(shape, before, after)) {
    leaf(before, after, path, out);
    return;
  }
  if (shape.kind === 'list') visitItems(before, after, shape, path, out);
  if (shape.kind === 'map') visitFields(before, after, shape, path, out);
  if (before === undefined) out.added.insert(path);
  else if (after === undefined) out.removed.insert(path);
}

/** Two empty or absent containers are a leaf too: that keeps empty and null apart. */
function isLeaf(shape: Shape, before: unknown, after: unknown): boolean {
  switch (shape.kind) {
    case 'scalar':
      return true;
    case 'list':
      return shape.relation === 'atomic' || (isHollow(before) && isHollow(after));
    case 'map':
      return shape.atomic || (isHollow(before) && isHollow(after));
  }
}

function isHollow(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) ? Object.keys(value).length === 0 : true;
}

function leaf(before: unknown, after: unknown, path: PathElement[], out: Comparison): void {
  if (before === undefined) out.added.insert(path);
  else if (after === undefined) out.removed.insert(path);
  else if (!jsonEqual(before, after)) out.modified.insert(path);
}

function visitFields(before: unknown, after: unknown, shape: Shape & { kind: 'map' }, path: PathElement[], out: Comparison): void {
  const left = isRecord(before) ? before : {};
  const right = isRecord(after) ? after : {};
  for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const node = fieldNode(shape, name);
    if (node === undefined) continue;
    path.push(fieldElement(name));
    visit(left[name], right[name], node, path, out);
    path.pop();
  }
}

function visitItems(before: unknown, after: unknown, shape: Shape & { kind: 'list' }, path: PathElement[], out: Comparison): void {
  const left = indexItems(shape, Array.isArray(before) ? before : []);
  const right = indexItems(shape, Array.isArray(after) ? after : []);
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    path.push(element);
    visitItem(left.get(element) ?? [], right.get(element) ?? [], shape.item, path, out);
    path.pop();
  }
}

/** Items of one name: single ones are compared inside, duplicates as a whole. */
function visitItem(left: readonly unknown[], right: readonly unknown[], node: TypeNode, path: PathElement[], out: Comparison): void {
  if (left.length <= 1 && right.length <= 1) {
    visit(left[0], right[0], node, path, out);
  } else if (left.length > 1 && right.length > 1) {
    if (!jsonEqual(left, right)) out.modified.insert(path);
  } else if (left.length > 1) {
    if (right.length === 1) visit(undefined, right[0], node, path, out);
    out.removed.insert(path);
  } else {
    if (left.length === 1) visit(left[0], undefined, node, path, out);
    out.added.insert(path);
  }
}
