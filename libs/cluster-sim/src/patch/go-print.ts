/** A JSON value as Go's `%v` prints it: what kube-apiserver says of a strategic merge patch that leads nowhere. */
export function goPrint(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goPrint).join(' ')}]`;
  if (typeof value === 'object') return `map[${Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => `${key}:${goPrint(item)}`).join(' ')}]`;
  return String(value);
}
