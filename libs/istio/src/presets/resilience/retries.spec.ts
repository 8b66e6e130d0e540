import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { retries } from './retries.ts';

const base = { namespace: 'shop', host: 'ratings', attempts: 3 };

describe('retries', () => {
  it('are bounded by a budget in the traffic policy of the host', () => {
    expect(written(retries, { ...base, perTryTimeout: '500ms', retryOn: ['reset', 503], timeout: '2s', budget: {} })).toMatchObject([
      { kind: 'DestinationRule', metadata: { name: 'ratings' }, spec: { trafficPolicy: { retryBudget: { percent: 20, minRetryConcurrency: 3 } } } },
      { kind: 'VirtualService', spec: { http: [{ timeout: '2s', retries: { attempts: 3, perTryTimeout: '500ms', retryOn: 'reset,503' } }] } },
    ]);
  });

  it('are for the named methods alone, and the others go without Istio’s own two', () => {
    expect(written(retries, { ...base, methods: ['GET', 'HEAD'] })).toMatchObject([
      { spec: { http: [{ match: [{ method: { exact: 'GET' } }, { method: { exact: 'HEAD' } }], retries: { attempts: 3 } }, { retries: { attempts: 0 } }] } },
    ]);
  });

  it('can be switched off', () => {
    expect(written(retries, { ...base, attempts: 0 })).toMatchObject([{ spec: { http: [{ retries: { attempts: 0 } }] } }]);
  });

  it('refuse a status that HTTP has no name for, as istiod does', () => {
    expect(refused(retries, { ...base, retryOn: [503, 432, 599] })).toEqual([1, 2].map((at) => `retryOn.${String(at)}: Must be a status that HTTP names, as in 503: istiod takes no others`));
  });

  it('refuses what could never retry', () => {
    expect(refused(retries, { ...base, perTryTimeout: '2s', timeout: '2s' })).toEqual(['timeout: The request ends after 2s, before a first attempt of 2s can be retried']);
    expect(refused(retries, { ...base, attempts: 0, methods: ['GET'], budget: {} })).toHaveLength(2);
  });
});
