import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { abTest } from './ab-test.ts';

const base = {
  namespace: 'shop',
  host: 'frontend',
  control: { name: 'a', labels: { version: 'v1' } },
  variants: [
    { name: 'b', labels: { version: 'v2' }, cohorts: [{ by: 'HEADER', name: 'x-cohort', value: 'b' }, { by: 'COOKIE', name: 'cohort', value: 'b' }] },
    { name: 'c', labels: { version: 'v3' }, cohorts: [{ by: 'HEADER', name: 'x-cohort', match: 'REGEX', value: 'c[0-9]+' }] },
  ],
};

describe('an A/B test', () => {
  it('sends each cohort to its variant in the order given, and all others to the control', () => {
    expect(written(abTest, base)[1]).toMatchObject({
      spec: {
        http: [
          { name: 'b', match: [{ headers: { 'x-cohort': { exact: 'b' } } }, { headers: { cookie: { regex: String.raw`(.*;\s*)?cohort=b(;.*)?` } } }], route: [{ destination: { subset: 'b' } }] },
          { name: 'c', match: [{ headers: { 'x-cohort': { regex: 'c[0-9]+' } } }], route: [{ destination: { subset: 'c' } }] },
          { name: 'a', route: [{ destination: { subset: 'a' } }] },
        ],
      },
    });
  });

  it('refuses variants that are one another', () => {
    expect(refused(abTest, { ...base, variants: [{ ...base.variants[0], labels: { version: 'v1' } }] })).toEqual(['variants.0: b selects the same pods as a']);
  });
});
