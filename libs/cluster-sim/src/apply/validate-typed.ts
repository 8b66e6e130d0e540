import { isRecord } from './json-equal.ts';
import { itemElement } from './list-items.ts';
import { fieldElement, formatPath, type PathElement } from './path-element.ts';
import { fieldNode, shapeOf, type Shape, type TypeNode } from './shape.ts';

/**
 * Why a configuration cannot be applied: undeclared fields, wrong types, items without keys, duplicates. One text per finding, as
 * structured-merge-diff words them: `.spec.foo: field not declared in schema`.
 */
export function validateTyped(value: unknown, node: TypeNode): string[] {
  const problems: string[] = [];
  visit(value, node, [], problems);
  return problems;
}

function visit(value: unknown, node: TypeNode, path: PathElement[], problems: string[]): void {
  if (value === null || value === undefined) return;
  const shape = shapeOf(node, value);
  switch (shape.kind) {
    case 'scalar':
      visitScalar(value, shape, path, problems);
      return;
    case 'list':
      if (!Array.isArray(value)) problems.push(`${formatPath(path)}: expected list, got ${describe(value)}`);
      else visitItems(value, shape, path, problems);
      return;
    case 'map':
      if (!isRecord(value)) problems.push(`${formatPath(path)}: expected map, got ${describe(value)}`);
      else visitFields(value, shape, path, problems);
  }
}

function visitScalar(value: unknown, shape: Shape & { kind: 'scalar' }, path: PathElement[], problems: string[]): void {
  const actual = typeof value === 'number' ? 'numeric' : typeof value === 'string' ? 'string' : typeof value === 'boolean' ? 'boolean' : undefined;
  if (actual !== undefined && shape.types.includes(actual)) return;
  const [first = 'string'] = shape.types;
  const expected = shape.types.length > 1 ? 'scalar' : first === 'numeric' ? 'numeric (int or float)' : first;
  problems.push(`${formatPath(path)}: expected ${expected}, got ${describe(value)}`);
}

function visitItems(items: readonly unknown[], shape: Shape & { kind: 'list' }, path: PathElement[], problems: string[]): void {
  const seen = new Set<PathElement>();
  items.forEach((item, index) => {
    let element: PathElement = `i:${index}`;
    if (shape.relation !== 'atomic') {
      const name = itemElement(shape, item);
      if ('problem' in name) {
        problems.push(`${formatPath(path)}: element ${index}: ${name.problem}`);
        return;
      }
      element = name.element;
      if (seen.has(element)) {
        problems.push(`${formatPath(path)}: duplicate entries for key ${formatPath([element])}`);
        return;
      }
      seen.add(element);
    }
    path.push(element);
    visit(item, shape.item, path, problems);
    path.pop();
  });
}

function visitFields(record: Record<string, unknown>, shape: Shape & { kind: 'map' }, path: PathElement[], problems: string[]): void {
  for (const [name, value] of Object.entries(record)) {
    const node = fieldNode(shape, name);
    path.push(fieldElement(name));
    if (node === undefined) problems.push(`${formatPath(path)}: field not declared in schema`);
    else visit(value, node, path, problems);
    path.pop();
  }
}

/** Go's view of the value: texts of kube-apiserver carry it. */
function describe(value: unknown): string {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return Number.isInteger(value) ? '&value.valueUnstructured{Value:int64}' : '&value.valueUnstructured{Value:float64}';
  return Array.isArray(value) ? 'list' : 'map';
}
