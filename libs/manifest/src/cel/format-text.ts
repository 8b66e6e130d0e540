import { celFailure } from './cel-failure.ts';

/** CEL's `"...".format([...])` with the verbs of Go: %s %d %f %e %b %o %x %X, and %%. */
export function formatText(pattern: string, values: readonly unknown[]): string {
  let next = 0;
  const text = pattern.replace(/%(?:%|(?:\.(\d+))?([sdfebxXo]))/g, (whole, precision: string | undefined, verb: string | undefined) => {
    if (whole === '%%' || verb === undefined) return '%';
    if (next >= values.length) throw celFailure(`index ${next} out of range`);
    return print(values[next++], verb, precision === undefined ? 6 : Number(precision));
  });
  if (next < values.length) throw celFailure('too many arguments supplied to string.format()');
  return text;
}

function print(value: unknown, verb: string, precision: number): string {
  switch (verb) {
    case 's':
      return plain(value);
    case 'd':
      if (typeof value !== 'bigint') throw celFailure('decimal clause can only be used on integers');
      return value.toString();
    case 'f':
      return number(value).toFixed(precision);
    case 'e':
      return number(value).toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2');
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : integer(value).toString(2);
    case 'o':
      return integer(value).toString(8);
    default: {
      const hex = typeof value === 'string' ? [...new TextEncoder().encode(value)].map((byte) => byte.toString(16).padStart(2, '0')).join('') : integer(value).toString(16);
      return verb === 'X' ? hex.toUpperCase() : hex;
    }
  }
}

function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plain).join(', ')}]`;
  if (value instanceof Map) return plain(Object.fromEntries(value));
  if (value instanceof Date) return value.toISOString().replace(/\.000Z$/, 'Z');
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, one]) => `${key}: ${plain(one)}`).join(', ')}}`;
  }
  return String(value);
}

function number(value: unknown): number {
  if (typeof value !== 'number' && typeof value !== 'bigint') throw celFailure('fixed-point clause can only be used on numbers');
  return Number(value);
}

function integer(value: unknown): bigint {
  if (typeof value !== 'bigint') throw celFailure('only integers can be formatted so');
  return value;
}
