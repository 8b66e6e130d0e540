import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { weightedCanary } from './weighted-canary.ts';

const v1 = { name: 'v1', labels: { version: 'v1' }, weight: 80 };
const v2 = { name: 'v2', labels: { version: 'v2' }, weight: 20 };
const base = { namespace: 'shop', host: 'reviews', subsets: [v1, v2] };

describe('a weighted canary', () => {
  it('defines the subsets in a rule without traffic policy, and splits by their weights', () => {
    expect(written(weightedCanary, base)).toEqual([
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'DestinationRule',
        metadata: { name: 'reviews-subsets', namespace: 'shop' },
        spec: { host: 'reviews', subsets: [{ name: 'v1', labels: { version: 'v1' } }, { name: 'v2', labels: { version: 'v2' } }] },
      },
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { name: 'reviews', namespace: 'shop' },
        spec: {
          hosts: ['reviews'],
          http: [{ name: 'split', route: [{ destination: { host: 'reviews', subset: 'v1' }, weight: 80 }, { destination: { host: 'reviews', subset: 'v2' }, weight: 20 }] }],
        },
      },
    ]);
  });

  it('lets testers see one subset, before all others', () => {
    const [, service] = written(weightedCanary, { ...base, testers: { cohort: { by: 'COOKIE', name: 'beta', value: 'a.b' }, subset: 'v2' } });
    expect(service).toMatchObject({
      spec: { http: [{ name: 'testers', match: [{ headers: { cookie: { regex: String.raw`(.*;\s*)?beta=a\.b(;.*)?` } } }], route: [{ destination: { subset: 'v2' } }] }, { name: 'split' }] },
    });
  });

  it('carries timeout, retries, port and gateways on the route of the host', () => {
    const [, service] = written(weightedCanary, {
      ...base,
      port: 8080,
      timeout: '5s',
      retries: { attempts: 1, retryOn: ['connect-failure', 503] },
      expose: { gateways: ['istio-ingress/public'], hosts: ['reviews.example.com'] },
    });
    expect(service).toMatchObject({
      spec: {
        hosts: ['reviews', 'reviews.example.com'],
        gateways: ['mesh', 'istio-ingress/public'],
        http: [{ timeout: '5s', retries: { attempts: 1, retryOn: 'connect-failure,503' }, route: [{ destination: { port: { number: 8080 } } }, { destination: { port: { number: 8080 } } }] }],
      },
    });
  });

  it('refuses what would not do what it says', () => {
    expect(refused(weightedCanary, { ...base, subsets: [v1, { ...v2, weight: 30 }] })).toEqual(['subsets: The weights sum to 110, not to 100']);
    expect(refused(weightedCanary, { ...base, subsets: [v1, { ...v2, name: 'v1' }] })).toEqual(['subsets.1: There are two subsets named v1']);
    expect(refused(weightedCanary, { ...base, subsets: [v1, { ...v2, labels: v1.labels }] })).toEqual(['subsets.1: v2 selects the same pods as v1']);
    expect(refused(weightedCanary, { ...base, testers: { cohort: { by: 'HEADER', name: 'x-t', match: 'PRESENT' }, subset: 'v3' } })).toEqual(['testers.subset: There is no subset v3']);
    expect(refused(weightedCanary, { ...base, testers: { cohort: { by: 'HEADER', name: 'x-t' }, subset: 'v2' } })).toEqual(['testers.cohort.value: Give the value, or ask for PRESENT']);
    expect(refused(weightedCanary, { ...base, subsets: [{ ...v1, weight: 100 }] })).toHaveLength(1);
  });
});
