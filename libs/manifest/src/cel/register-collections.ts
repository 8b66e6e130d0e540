import type { Environment } from '@marcbachmann/cel-js';
import { celFailure } from './cel-failure.ts';

class SetsNamespace {}

/** Kubernetes' list functions and CEL's `sets`. Elements are scalars; numbers of both kinds compare by value. */
export function registerCollections(environment: Environment): void {
  environment.registerFunction('list.isSorted(): bool', (list: readonly unknown[]) => list.every((one, i) => i === 0 || compare(list[i - 1], one) <= 0));
  environment.registerFunction('list.sum(): dyn', (list: readonly unknown[]) => sum(list));
  environment.registerFunction('list.min(): dyn', (list: readonly unknown[]) => extreme(list, -1, 'min'));
  environment.registerFunction('list.max(): dyn', (list: readonly unknown[]) => extreme(list, 1, 'max'));
  environment.registerFunction('list.goIndexOf(dyn): int', (list: readonly unknown[], value: unknown) => BigInt(list.findIndex((one) => equal(one, value))));
  environment.registerFunction('list.goLastIndexOf(dyn): int', (list: readonly unknown[], value: unknown) => BigInt(list.findLastIndex((one) => equal(one, value))));

  environment.registerType('kubernetes.SetsNamespace', SetsNamespace);
  environment.registerConstant('sets', 'kubernetes.SetsNamespace', new SetsNamespace());
  const contains = (all: readonly unknown[], some: readonly unknown[]): boolean => some.every((one) => all.some((other) => equal(one, other)));
  environment.registerFunction('kubernetes.SetsNamespace.contains(list, list): bool', (_: unknown, a: readonly unknown[], b: readonly unknown[]) => contains(a, b));
  environment.registerFunction('kubernetes.SetsNamespace.equivalent(list, list): bool', (_: unknown, a: readonly unknown[], b: readonly unknown[]) => contains(a, b) && contains(b, a));
  environment.registerFunction('kubernetes.SetsNamespace.intersects(list, list): bool', (_: unknown, a: readonly unknown[], b: readonly unknown[]) =>
    a.some((one) => b.some((other) => equal(one, other))),
  );
}

function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) return stable(a) === stable(b);
  return isNumber(a) && isNumber(b) && Number(a) === Number(b);
}

function stable(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => {
    if (typeof one === 'bigint') return Number(one);
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function compare(a: unknown, b: unknown): number {
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  throw celFailure('no such overload');
}

function sum(list: readonly unknown[]): number | bigint {
  if (list.every((one) => typeof one === 'bigint')) return list.reduce((total, one) => total + one, 0n);
  if (list.every(isNumber)) return list.reduce<number>((total, one) => total + Number(one), 0);
  throw celFailure('no such overload');
}

function extreme(list: readonly unknown[], sign: 1 | -1, name: string): unknown {
  if (list.length === 0) throw celFailure(`${name} called on empty list`);
  return list.reduce((best, one) => (compare(one, best) * sign > 0 ? one : best));
}
