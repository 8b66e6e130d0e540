import type { Finding } from '@meshfleet/model';
import { expect, it } from 'vitest';
import { refusalsOf } from './admit-findings.ts';

const finding = (path: string): Finding => ({ code: 'IST0101', name: 'ReferencedResourceNotFound', severity: 'ERROR', message: 'There is no ratings', why: 'why', fix: 'fix', object: 'VirtualService.networking.istio.io/shop/ratings', path });
const errors = ['spec.http[0]', 'spec.http[1]'].map((path) => ({ finding: finding(path), clusters: ['frankfurt'] }));

it('refuses two faults of one object twice where they stand on lines of their own, and once where nothing tells them apart', () => {
  expect(refusalsOf(errors, () => ({ field: ['input', 'preset'] }))).toHaveLength(1);
  expect(refusalsOf(errors, ({ path }) => ({ field: ['input', 'manifests'], line: path === 'spec.http[0]' ? 7 : 9 })).map(({ where }) => where?.line)).toEqual([7, 9]);
});

it('shows fifty, and says how many more there are', () => {
  const many = Array.from({ length: 60 }, (_, line) => ({ finding: finding(String(line)), clusters: ['frankfurt'] }));
  expect(refusalsOf(many, ({ path }) => ({ line: Number(path) })).at(-1)?.summary).toBe('There are 10 more errors like these');
});
