import type { Environment } from '@marcbachmann/cel-js';
import { celFailure } from './cel-failure.ts';

/** A Kubernetes quantity (`100m`, `2Gi`) as an exact count of billionths, finer than which no quantity is kept. */
class CelQuantity {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

const UNIT = 1_000_000_000n;
const Q = 'kubernetes.Quantity';
const DECIMAL: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: Record<string, bigint> = { Ki: 1n << 10n, Mi: 1n << 20n, Gi: 1n << 30n, Ti: 1n << 40n, Pi: 1n << 50n, Ei: 1n << 60n };

export function registerQuantity(environment: Environment): void {
  environment.registerType(Q, CelQuantity);
  environment.registerFunction('isQuantity(string): bool', (text: string) => parseQuantity(text) !== undefined);
  environment.registerFunction(`quantity(string): ${Q}`, (text: string) => {
    const quantity = parseQuantity(text);
    if (quantity === undefined) throw celFailure(`quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`);
    return quantity;
  });
  environment.registerFunction(`${Q}.isInteger(): bool`, ({ nanos }: CelQuantity) => nanos % UNIT === 0n);
  environment.registerFunction(`${Q}.asInteger(): int`, ({ nanos }: CelQuantity) => {
    if (nanos % UNIT !== 0n) throw celFailure('cannot convert value to integer');
    return nanos / UNIT;
  });
  environment.registerFunction(`${Q}.asApproximateFloat(): double`, ({ nanos }: CelQuantity) => Number(nanos) / 1e9);
  environment.registerFunction(`${Q}.sign(): int`, ({ nanos }: CelQuantity) => (nanos === 0n ? 0n : nanos > 0n ? 1n : -1n));
  environment.registerFunction(`${Q}.compareTo(${Q}): int`, (a: CelQuantity, b: CelQuantity) => (a.nanos === b.nanos ? 0n : a.nanos > b.nanos ? 1n : -1n));
  environment.registerFunction(`${Q}.isGreaterThan(${Q}): bool`, (a: CelQuantity, b: CelQuantity) => a.nanos > b.nanos);
  environment.registerFunction(`${Q}.isLessThan(${Q}): bool`, (a: CelQuantity, b: CelQuantity) => a.nanos < b.nanos);
  environment.registerFunction(`${Q}.add(${Q}): ${Q}`, (a: CelQuantity, b: CelQuantity) => new CelQuantity(a.nanos + b.nanos));
  environment.registerFunction(`${Q}.add(int): ${Q}`, (a: CelQuantity, b: bigint) => new CelQuantity(a.nanos + b * UNIT));
  environment.registerFunction(`${Q}.sub(${Q}): ${Q}`, (a: CelQuantity, b: CelQuantity) => new CelQuantity(a.nanos - b.nanos));
  environment.registerFunction(`${Q}.sub(int): ${Q}`, (a: CelQuantity, b: bigint) => new CelQuantity(a.nanos - b * UNIT));
  environment.registerOperator(`${Q} == ${Q}`, (a: CelQuantity, b: CelQuantity) => a.nanos === b.nanos);
}

function parseQuantity(text: string): CelQuantity | undefined {
  const match = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,3}))?$/.exec(text);
  if (match === null) return undefined;
  const [whole = '', fraction = ''] = (match[2] ?? '').split('.');
  const digits = BigInt(whole + fraction);
  const suffix = match[3] ?? '';
  const binary = BINARY[suffix];
  const exponent = 9 - fraction.length + (binary === undefined ? (match[4] === undefined ? (DECIMAL[suffix] ?? 0) : Number(match[4])) : 0);
  const scaled = digits * (binary ?? 1n);
  // Quantities round up to the next billionth, away from zero.
  const divisor = exponent < 0 ? 10n ** BigInt(-exponent) : 1n;
  const nanos = exponent >= 0 ? scaled * 10n ** BigInt(exponent) : (scaled + divisor - 1n) / divisor;
  return new CelQuantity(match[1] === '-' ? -nanos : nanos);
}
