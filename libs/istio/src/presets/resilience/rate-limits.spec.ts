import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { globalRateLimit } from './global-rate-limit.ts';
import { localRateLimit } from './local-rate-limit.ts';

const base = { name: 'limit', namespace: 'shop', labels: { app: 'search' } };

describe('a local rate limit', () => {
  const limit = { requests: 100, per: '1s' };
  const rule = { name: 'suggest', when: { by: 'PATH', prefix: '/suggest' }, limit: { requests: 5, per: '2s', burst: 8 } };

  it('counts in each proxy of the workload, right before the router', () => {
    expect(written(localRateLimit, { ...base, limit, port: 8080 })).toMatchObject([
      {
        metadata: { name: 'limit', namespace: 'shop' },
        spec: {
          workloadSelector: { labels: { app: 'search' } },
          configPatches: [
            {
              applyTo: 'HTTP_FILTER',
              match: { context: 'SIDECAR_INBOUND', listener: { filterChain: { destinationPort: 8080, filter: { subFilter: { name: 'envoy.filters.http.router' } } } } },
              patch: { operation: 'INSERT_BEFORE', value: { typed_config: { token_bucket: { max_tokens: 100, tokens_per_fill: 100, fill_interval: '1s' }, filter_enforced: { default_value: { numerator: 100 } } } } },
            },
          ],
        },
      },
    ]);
  });

  it('gives paths and headers limits of their own', () => {
    const [filter] = written(localRateLimit, { ...base, at: 'GATEWAY', limit, rules: [rule, { ...rule, name: 'free', when: { by: 'HEADER', name: 'x-plan', value: 'free' } }] });
    expect(filter).toMatchObject({
      spec: {
        configPatches: [
          {
            match: { context: 'GATEWAY' },
            patch: {
              value: {
                typed_config: {
                  always_consume_default_token_bucket: false,
                  descriptors: [{ entries: [{ key: 'rule', value: 'suggest' }], token_bucket: { max_tokens: 8, tokens_per_fill: 5, fill_interval: '2s' } }, { entries: [{ value: 'free' }] }],
                  rate_limits: [
                    { actions: [{ header_value_match: { descriptor_value: 'suggest', headers: [{ name: ':path', string_match: { prefix: '/suggest' } }] } }] },
                    { actions: [{ header_value_match: { descriptor_value: 'free', headers: [{ name: 'x-plan', string_match: { exact: 'free' } }] } }] },
                  ],
                },
              },
            },
          },
        ],
      },
    });
  });

  it('refuses nothing in a dry run', () => {
    const [filter] = written(localRateLimit, { ...base, limit, dryRun: true });
    expect(filter).toMatchObject({ spec: { configPatches: [{ patch: { value: { typed_config: { filter_enforced: { default_value: { numerator: 0 } } } } } }] } });
  });

  it('refuses what Envoy would', () => {
    expect(refused(localRateLimit, { ...base, limit: { requests: 10, per: '10ms' } })).toEqual(['limit.per: Must be at least 50ms']);
    expect(refused(localRateLimit, { ...base, limit: { requests: 10, burst: 5 } })).toEqual(['limit.burst: A burst is at least what a period allows']);
    expect(refused(localRateLimit, { ...base, limit: { requests: 10, per: '1s' }, rules: [{ ...rule, limit: { requests: 1, per: '1500ms' } }] })).toEqual([
      'rules.0.limit.per: Proxies refill all limits in one beat: the period must be a multiple of the overall 1s',
    ]);
    expect(refused(localRateLimit, { ...base, limit, rules: [rule, rule] })).toEqual(['rules.1.name: There are two rules named suggest']);
  });
});

describe('a global rate limit', () => {
  it('asks the service by the cluster that Istio makes of it, and says what it is told', () => {
    const descriptors = [[{ from: 'HEADER', name: 'x-plan', key: 'plan' }, { from: 'PATH', key: 'PATH' }], [{ from: 'REMOTE_ADDRESS' }], [{ from: 'METHOD' }, { from: 'CONSTANT', key: 'api', value: 'v1' }]];
    expect(written(globalRateLimit, { ...base, service: { host: 'ratelimit.limits.svc.cluster.local' }, domain: 'shop', descriptors, whenUnavailable: 'REFUSE' })).toMatchObject([
      {
        spec: {
          configPatches: [
            {
              applyTo: 'HTTP_FILTER',
              patch: {
                value: {
                  typed_config: {
                    domain: 'shop',
                    failure_mode_deny: true,
                    timeout: '0.1s',
                    rate_limit_service: { grpc_service: { envoy_grpc: { cluster_name: 'outbound|8081||ratelimit.limits.svc.cluster.local' } } },
                  },
                },
              },
            },
            {
              applyTo: 'VIRTUAL_HOST',
              patch: {
                operation: 'MERGE',
                value: {
                  rate_limits: [
                    { actions: [{ request_headers: { header_name: 'x-plan', descriptor_key: 'plan' } }, { request_headers: { header_name: ':path', descriptor_key: 'PATH' } }] },
                    { actions: [{ remote_address: {} }] },
                    { actions: [{ request_headers: { header_name: ':method', descriptor_key: 'method' } }, { generic_key: { descriptor_key: 'api', descriptor_value: 'v1' } }] },
                  ],
                },
              },
            },
          ],
        },
      },
    ]);
  });
});
