import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { circuitBreaking } from './circuit-breaking.ts';
import { regionFailover } from './region-failover.ts';

const base = { namespace: 'shop', host: 'payments' };

describe('circuit breaking', () => {
  it('bounds the pool and ejects, in one rule named after the host', () => {
    expect(written(circuitBreaking, { ...base, connectionPool: { maxConnections: 5, http1MaxPendingRequests: 1, idleTimeout: '30s' }, outlierDetection: { consecutive5xxErrors: 3 } })).toMatchObject([
      {
        metadata: { name: 'payments' },
        spec: { trafficPolicy: { connectionPool: { tcp: { maxConnections: 5 }, http: { http1MaxPendingRequests: 1, idleTimeout: '30s' } }, outlierDetection: { consecutive5xxErrors: 3, maxEjectionPercent: 50 } } },
      },
    ]);
  });

  it('refuses a breaker without any limit', () => {
    expect(refused(circuitBreaking, base)).toEqual([': Set a connection pool, outlier detection, or both']);
    expect(refused(circuitBreaking, { ...base, connectionPool: {} })).toEqual(['connectionPool: Set at least one limit']);
  });
});

describe('failover between regions', () => {
  it('always writes the outlier detection that it cannot do without', () => {
    expect(written(regionFailover, { ...base, failover: [{ from: 'eu', to: 'us' }] })).toMatchObject([
      { spec: { trafficPolicy: { loadBalancer: { localityLbSetting: { enabled: true, failover: [{ from: 'eu', to: 'us' }] } }, outlierDetection: { consecutive5xxErrors: 5, maxEjectionPercent: 100 } } } },
    ]);
    expect(refused(regionFailover, { ...base, failover: [{ from: 'eu', to: 'us' }], outlierDetection: { consecutive5xxErrors: 0 } })).toEqual([
      'outlierDetection: Count errors of some kind: endpoints that are never ejected are never failed over from',
    ]);
  });

  it('refuses a region that takes over from itself, and two that take over from one', () => {
    expect(refused(regionFailover, { ...base, failover: [{ from: 'eu', to: 'eu' }, { from: 'eu', to: 'us' }] })).toEqual([
      'failover.0.to: eu cannot take over from itself',
      'failover.1.from: There are two entries for eu',
    ]);
  });
});
