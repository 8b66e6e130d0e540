/** What Kubernetes says of text that is no quantity. */
export const QUANTITY_PROBLEM = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

const PATTERN = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?$/;
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const DECIMAL_SUFFIX: Readonly<Record<number, string>> = Object.fromEntries(Object.entries(DECIMAL).map(([suffix, exponent]) => [exponent, suffix]));
const NANO = 10n ** 9n;

interface Quantity {
  /** In billionths: the finest that Kubernetes keeps. */
  readonly nano: bigint;
  readonly form: 'binary' | 'decimal' | 'exponent';
}

/**
 * A quantity in the one form that Kubernetes stores (`0.5` is `500m`, `1024Mi` is `1Gi`): without it every object that was applied
 * would differ from what was asked for. Undefined when the text is no quantity.
 */
export function canonicalQuantity(text: string): string | undefined {
  const quantity = parseQuantity(text);
  if (quantity === undefined) return undefined;
  const { nano, form } = quantity;
  if (nano === 0n) return '0';
  // Below 1024, and where a fraction would be lost, Kubernetes turns to decimal: 0.1Gi is 107374182400m.
  if (form === 'binary' && nano % NANO === 0n && (nano >= 1024n * NANO || nano <= -1024n * NANO)) return binaryText(nano);
  return decimalText(nano, form === 'exponent');
}

/** For comparisons of requests with limits; undefined when the text is no quantity. */
export function quantityValue(text: string): bigint | undefined {
  return parseQuantity(text)?.nano;
}

function parseQuantity(text: string): Quantity | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, sign = '', digits = '', suffix = ''] = match;
  const binary = suffix === '' ? -1 : BINARY.indexOf(suffix);
  const exponent = /^[eE][+-]?\d+$/.test(suffix) ? Number(suffix.slice(1)) : (DECIMAL[suffix] ?? 0);
  if (Math.abs(exponent) > 100) return undefined;
  const [whole = '', fraction = ''] = digits.split('.');
  const mantissa = BigInt(`${whole}${fraction}` || '0') * (sign === '-' ? -1n : 1n);
  const factor = binary > 0 ? 1024n ** BigInt(binary) : 1n;
  const shift = 9 + (binary > 0 ? 0 : exponent) - fraction.length;
  const scaled = mantissa * factor;
  const nano = shift >= 0 ? scaled * 10n ** BigInt(shift) : roundUp(scaled, 10n ** BigInt(-shift));
  return { nano, form: binary > 0 ? 'binary' : /^[eE]/.test(suffix) && suffix.length > 1 ? 'exponent' : 'decimal' };
}

function binaryText(nano: bigint): string {
  let value = nano / NANO;
  let power = 0;
  while (power < BINARY.length - 1 && value % 1024n === 0n) {
    value /= 1024n;
    power += 1;
  }
  return `${value}${BINARY[power] ?? ''}`;
}

function decimalText(nano: bigint, scientific: boolean): string {
  let value = nano;
  let exponent = -9;
  while (exponent < 18 && value % 1000n === 0n) {
    value /= 1000n;
    exponent += 3;
  }
  if (scientific) return exponent === 0 ? `${value}` : `${value}e${exponent}`;
  return `${value}${DECIMAL_SUFFIX[exponent] ?? ''}`;
}

function roundUp(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor === 0n ? quotient : value > 0n ? quotient + 1n : quotient - 1n;
}
