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

  it('shows itself at gateways under hosts that istiod takes beside each other', () => {
    const hostsOf = (host: string, hosts: readonly string[]): unknown => written(abTest, { ...base, host, expose: { gateways: ['public'], hosts } })[1]?.['spec'];
    expect(hostsOf('frontend', ['shop.example.com', '*.example.org'])).toMatchObject({ hosts: ['frontend', 'shop.example.com', '*.example.org'] });
    expect(hostsOf('shop.example.com', ['*.example.com'])).toMatchObject({ hosts: ['*.example.com'] });
    const said = (expose: object): string[] => refused(abTest, { ...base, expose: { gateways: ['public'], hosts: ['shop.example.com'], ...expose } });
    const apart = 'expose.hosts: Name each host once, and none beside a wildcard that covers it: istiod refuses both';
    expect(said({ hosts: ['shop.example.com', 'shop.example.com'] })).toEqual([apart]);
    expect(said({ hosts: ['*.example.com', 'shop.example.com'] })).toEqual([apart]);
    expect(said({ hosts: ['shop'] })).toEqual(['expose.hosts.0: Must be a full name, as in "api.example.com"']);
    expect(said({ gateways: ['edge/public.eu'] })).toHaveLength(1);
  });

  it('refuses a host that ends in a number', () => {
    expect(refused(abTest, { ...base, host: 'frontend.2' })).toEqual(['host: The last part of a host must not be a number']);
    expect(refused(abTest, { ...base, host: 'frontend.${var.zone}2' })).toEqual([]);
  });

  it('refuses variants that are one another', () => {
    expect(refused(abTest, { ...base, variants: [{ ...base.variants[0], labels: { version: 'v1' } }] })).toEqual(['variants.0: b selects the same pods as a']);
  });
});
