/**
 * Path elements in the form that FieldsV1 writes them, which is also how sets are keyed:
 * `f:name` a field, `k:{"name":"web"}` an item of an associative list, `v:"x"` an item of a set, `i:0` an index.
 */
export type PathElement = string;
export type Path = readonly PathElement[];

export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

/** Key fields come sorted by name. */
export function keyElement(keys: { readonly [name: string]: unknown }): PathElement {
  const sorted = Object.keys(keys).sort().map((name) => `${JSON.stringify(name)}:${JSON.stringify(keys[name])}`);
  return `k:{${sorted.join(',')}}`;
}

export function valueElement(value: unknown): PathElement {
  return `v:${JSON.stringify(value)}`;
}

/** The field's name, or undefined when the element is an item. */
export function fieldName(element: PathElement): string | undefined {
  return element.startsWith('f:') ? element.slice(2) : undefined;
}

const RANK: { readonly [type: string]: number } = { f: 0, k: 1, v: 2, i: 3 };

/** Fields before keys before values before indices, each in its own order, as structured-merge-diff sorts them. */
export function compareElements(a: PathElement, b: PathElement): number {
  const rank = (RANK[a.charAt(0)] ?? 9) - (RANK[b.charAt(0)] ?? 9);
  if (rank !== 0) return rank;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `.spec.containers[name="web"].image`: how conflicts name a field. */
export function formatPath(path: Path): string {
  return path.map(formatElement).join('');
}

function formatElement(element: PathElement): string {
  const body = element.slice(2);
  switch (element.charAt(0)) {
    case 'f':
      return `.${body}`;
    case 'k': {
      // Written by keyElement or by a client: a flat object of scalars.
      const keys = JSON.parse(body) as Record<string, unknown>;
      return `[${Object.keys(keys).sort().map((name) => `${name}=${JSON.stringify(keys[name])}`).join(',')}]`;
    }
    case 'v':
      return `[=${body}]`;
    default:
      return `[${body}]`;
  }
}

/** True when the text is a path element that FieldsV1 may hold. */
export function isPathElement(text: string): boolean {
  if (text.charAt(1) !== ':') return false;
  const body = text.slice(2);
  switch (text.charAt(0)) {
    case 'f':
      return true;
    case 'i':
      return /^-?\d+$/.test(body);
    case 'k':
    case 'v':
      try {
        const parsed: unknown = JSON.parse(body);
        return text.startsWith('v') || (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed));
      } catch {
        return false;
      }
    default:
      return false;
  }
}
