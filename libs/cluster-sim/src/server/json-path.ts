import { isRecord } from '../apply/json-equal.ts';

/**
 * The JSONPath of CRDs (printer columns, scale, selectable fields): `.spec.hosts`, `.spec.ports[0].number`, `.metadata.labels.a\.b`,
 * `.status.conditions[?(@.type=="Ready")].status`, `.spec.servers[*].hosts`. Answers every match.
 */
export function readAll(value: unknown, path: string): unknown[] {
  let nodes: unknown[] = [value];
  for (const step of steps(path)) nodes = nodes.flatMap((node) => step(node));
  return nodes;
}

/** The first match, or undefined. */
export function readPath(value: unknown, path: string): unknown {
  return readAll(value, path)[0];
}

/** A copy with a value at a path of plain fields. */
export function writePath(value: Record<string, unknown>, path: string, leaf: unknown): Record<string, unknown> {
  const fields = path.split('.').filter((field) => field !== '');
  const [first, ...rest] = fields;
  if (first === undefined) return value;
  const below = value[first];
  return { ...value, [first]: rest.length === 0 ? leaf : writePath(isRecord(below) ? below : {}, rest.join('.'), leaf) };
}

type Step = (node: unknown) => unknown[];
const compiled = new Map<string, Step[]>();
const TOKEN = /\[\?\(@((?:\.|\[)[^=!<>]*?)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|([^)\s]+))\s*\)\]|\[(\*|-?\d+|'[^']*'|"[^"]*")\]|\.?((?:\\.|[^.[\]\\])+)/g;

function steps(path: string): Step[] {
  let known = compiled.get(path);
  if (known === undefined) {
    known = [...path.replace(/^\{|\}$/g, '').replace(/^\$/, '').matchAll(TOKEN)].map(toStep);
    compiled.set(path, known);
  }
  return known;
}

function toStep(match: RegExpMatchArray): Step {
  const [, filterPath, operator, double, single, bare, bracket, field] = match;
  if (filterPath !== undefined) {
    const wanted = double ?? single ?? bare ?? '';
    const want = operator === '==';
    return (node) => (Array.isArray(node) ? node.filter((item) => (String(readPath(item, filterPath)) === wanted) === want) : []);
  }
  if (bracket === '*' || field === '*') return (node) => (Array.isArray(node) ? node : isRecord(node) ? Object.values(node) : []);
  if (bracket !== undefined && /^-?\d+$/.test(bracket)) return (node) => (Array.isArray(node) ? present(node.at(Number(bracket))) : []);
  const name = bracket === undefined ? (field ?? '').replace(/\\(.)/g, '$1') : bracket.slice(1, -1);
  return (node) => (isRecord(node) && Object.hasOwn(node, name) ? present(node[name]) : []);
}

function present(value: unknown): unknown[] {
  return value === undefined ? [] : [value];
}
