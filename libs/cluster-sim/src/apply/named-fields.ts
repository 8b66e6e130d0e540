import { FieldSet } from './field-set.ts';
import { fieldName } from './path-element.ts';
import { DEDUCED, shapeOf, type TypeNode } from './shape.ts';

/**
 * The set with the declared fields on the way to its members made members too: who owned `spec.template.x` may take `spec.template` away
 * with it, but not the key of a map that others added. What pruning after an apply goes by.
 */
export function withNamedFields(set: FieldSet, node: TypeNode | undefined): FieldSet {
  const out = new FieldSet();
  for (const element of set.members) out.members.add(element);
  const shape = node === undefined ? undefined : shapeOf(node, node === DEDUCED ? {} : undefined);
  for (const [element, child] of set.children) {
    const name = fieldName(element);
    let below: TypeNode | undefined;
    if (shape?.kind === 'map' && name !== undefined) {
      const declared = Object.hasOwn(shape.fields, name);
      if (declared) out.members.add(element);
      below = declared ? shape.fields[name] : shape.element;
    } else if (shape?.kind === 'list' && element.startsWith('k:')) {
      below = shape.item;
    }
    out.children.set(element, withNamedFields(child, below));
  }
  return out;
}

/**
 * Fits a set that was written under an older schema: what has become atomic since is owned as a whole.
 * Answers the same set when nothing changed.
 */
export function reconcileWithSchema(set: FieldSet, node: TypeNode): FieldSet {
  const out = new FieldSet();
  if (node === DEDUCED) return set;
  const shape = shapeOf(node, undefined);
  for (const element of set.members) out.members.add(element);
  for (const [element, child] of set.children) {
    const name = fieldName(element);
    const below = shape.kind === 'map'
      ? name === undefined ? undefined : Object.hasOwn(shape.fields, name) ? shape.fields[name] : shape.element
      : shape.kind === 'list' ? shape.item : undefined;
    if (below === undefined || below === DEDUCED) {
      out.children.set(element, child);
      continue;
    }
    const belowShape = shapeOf(below, undefined);
    const atomic = (belowShape.kind === 'list' && belowShape.relation === 'atomic') || (belowShape.kind === 'map' && belowShape.atomic);
    if (atomic && !child.empty) out.members.add(element);
    else out.children.set(element, reconcileWithSchema(child, below));
  }
  return out;
}
