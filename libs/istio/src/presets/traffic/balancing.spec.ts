import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { consistentHash } from './consistent-hash.ts';
import { leastRequest } from './least-request.ts';
import { localityBalancing } from './locality-balancing.ts';
import { roundRobin } from './round-robin.ts';

const base = { namespace: 'shop', host: 'cart' };
const policy = (trafficPolicy: object): object[] => [{ kind: 'DestinationRule', metadata: { name: 'cart', namespace: 'shop' }, spec: { host: 'cart', trafficPolicy } }];

describe('balancing', () => {
  it.each([
    [{ by: 'HEADER', name: 'x-user' }, { httpHeaderName: 'x-user' }],
    [{ by: 'COOKIE', name: 'session', ttl: '1h' }, { httpCookie: { name: 'session', ttl: '1h', path: '/' } }],
    [{ by: 'SOURCE_IP' }, { useSourceIp: true }],
    [{ by: 'QUERY', name: 'user' }, { httpQueryParameterName: 'user' }],
  ])('hashes %j', (key, hash) => {
    expect(written(consistentHash, { ...base, key })).toMatchObject(policy({ loadBalancer: { consistentHash: { ...hash, ringHash: { minimumRingSize: 1024 } } } }));
  });

  it('takes a Maglev table of prime size alone', () => {
    const maglev = (tableSize: number): object => ({ ...base, key: { by: 'SOURCE_IP' }, algorithm: { type: 'MAGLEV', tableSize } });
    expect(written(consistentHash, maglev(65_537))).toMatchObject(policy({ loadBalancer: { consistentHash: { maglev: { tableSize: 65_537 } } } }));
    expect(refused(consistentHash, maglev(65_536))).toEqual(['algorithm.tableSize: The size of the table must be a prime number']);
  });

  it('warms new endpoints up, with pools and ejection in the same rule', () => {
    expect(written(leastRequest, { ...base, warmup: { duration: '60s' }, connectionPool: { maxConnections: 10 }, outlierDetection: { maxEjectionPercent: 100 } })).toMatchObject(
      policy({
        loadBalancer: { simple: 'LEAST_REQUEST', warmup: { duration: '60s', minimumPercent: 10, aggression: 1 } },
        connectionPool: { tcp: { maxConnections: 10 } },
        outlierDetection: { consecutive5xxErrors: 5, interval: '10s', baseEjectionTime: '30s', maxEjectionPercent: 100 },
      }),
    );
    expect(written(roundRobin, base)).toMatchObject(policy({ loadBalancer: { simple: 'ROUND_ROBIN' } }));
  });

  it('shares out between localities by weights that sum to 100', () => {
    const to = [{ locality: 'eu/a/*', weight: 80 }, { locality: 'eu/b/*', weight: 20 }];
    expect(written(localityBalancing, { ...base, distribute: [{ from: 'eu/a/*', to }] })).toMatchObject(
      policy({ loadBalancer: { localityLbSetting: { enabled: true, distribute: [{ from: 'eu/a/*', to: { 'eu/a/*': 80, 'eu/b/*': 20 } }] } } }),
    );
    expect(refused(localityBalancing, { ...base, distribute: [{ from: 'eu/a/*', to: to.slice(1) }, { from: 'eu/a/*', to }] })).toEqual([
      'distribute.0.to: The weights from eu/a/* sum to 20, not to 100',
      'distribute.1.from: There are two entries for eu/a/*',
    ]);
  });
});
