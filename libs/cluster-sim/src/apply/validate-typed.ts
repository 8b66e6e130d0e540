import { goPrint } from '../patch/go-print.ts';
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
      if (!Array.isArray(value)) problems.push(`${formatPath(path)}: expected list, got &{${goPrint(value)}}`);
      else visitItems(value, shape, path, problems);
      return;
    case 'map':
      if (!isRecord(value)) problems.push(`${formatPath(path)}: expected map, got &{${goPrint(value)}}`);
      else visitFields(value, shape, path, problems);
  }
}

function visitScalar(value: unknown, shape: Shape & { kind: 'scalar' }, path: PathElement[], problems: string[]): void {
  const actual = typeof value === 'number' ? 'numeric' : typeof value === 'string' ? 'string' : typeof value === 'boolean' ? 'boolean' : undefined;
  if (actual !== undefined && shape.types.includes(actual)) return;
  const [first = 'string'] = shape.types;
  const text = formatPath(path);
  if (shape.types.length > 1) problems.push(`${text}: expected any scalar, got ${goSyntax(value)}`);
  else if (first === 'numeric') problems.push(`${text}: expected numeric (int or float), got ${goType(value)}`);
  else problems.push(`${text}: expected ${first}, got &value.valueUnstructured{Value:${goSyntax(value)}}`);
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

function goType(value: unknown): string {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}

/** A value as Go's `%#v` prints it. */
function goSyntax(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (typeof value !== 'object') return String(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[string]interface {}{${fields.map(([name, item]) => `${JSON.stringify(name)}:${goSyntax(item)}`).join(', ')}}`;
}
