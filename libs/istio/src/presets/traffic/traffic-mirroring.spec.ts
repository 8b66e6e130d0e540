import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { trafficMirroring } from './traffic-mirroring.ts';

const base = { namespace: 'shop', host: 'search' };

describe('mirroring', () => {
  it('copies to a version of the same service, which gets no live requests', () => {
    expect(written(trafficMirroring, { ...base, live: { version: 'v1' }, mirror: { labels: { version: 'v2' } }, percentage: 2.5 })).toMatchObject([
      { kind: 'DestinationRule', spec: { subsets: [{ name: 'live', labels: { version: 'v1' } }, { name: 'mirror', labels: { version: 'v2' } }] } },
      { kind: 'VirtualService', spec: { http: [{ route: [{ destination: { host: 'search', subset: 'live' } }], mirror: { host: 'search', subset: 'mirror' }, mirrorPercentage: { value: 2.5 } }] } },
    ]);
  });

  it('copies to another service without any subset', () => {
    expect(written(trafficMirroring, { ...base, mirror: { host: 'search-shadow', port: 80 } })).toMatchObject([
      { kind: 'VirtualService', spec: { http: [{ route: [{ destination: { host: 'search' } }], mirror: { host: 'search-shadow', port: { number: 80 } }, mirrorPercentage: { value: 100 } }] } },
    ]);
  });

  it('refuses a mirror that would serve as well', () => {
    expect(refused(trafficMirroring, { ...base, mirror: {} })).toEqual([
      'mirror.labels: Give the labels of the mirror’s pods, or another host',
      'live: Give the labels of the pods that answer: without them the mirror’s pods would get live requests too',
    ]);
    expect(refused(trafficMirroring, { ...base, live: { version: 'v1' }, mirror: { labels: { version: 'v1' } } })).toEqual(['mirror.labels: mirror selects the same pods as live']);
    expect(refused(trafficMirroring, { ...base, mirror: { host: 'other' }, prepareOnly: true })).toEqual(['prepareOnly: There are no subsets to prepare: leave it out']);
    expect(refused(trafficMirroring, { ...base, mirror: { host: 'other', labels: { version: 'v1' } } })).toHaveLength(1);
  });
});
