import { describe, expect, it } from 'vitest';
import { found } from '../../from-yaml.fixture.ts';

const rule = (spec: string): string => `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: cart, namespace: shop}\nspec: {host: cart, ${spec}}\n`;
const route = (http: string, annotations = ''): string => `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: cart, namespace: shop, annotations: {${annotations}}}\nspec: {hosts: [cart], http: [${http}]}\n`;
const FAILOVER = 'loadBalancer: {localityLbSetting: {failover: [{from: eu, to: us}]}}';
const OUTLIERS = 'outlierDetection: {consecutive5xxErrors: 5}';

describe('failover', () => {
  it.each([
    ['without outlier detection', `trafficPolicy: {${FAILOVER}}`, 1],
    ['with it', `trafficPolicy: {${FAILOVER}, ${OUTLIERS}}`, 0],
    ['by priorities without it', 'trafficPolicy: {loadBalancer: {localityLbSetting: {failoverPriority: [topology.kubernetes.io/region]}}}', 1],
    ['turned off', 'trafficPolicy: {loadBalancer: {localityLbSetting: {enabled: false, failover: [{from: eu, to: us}]}}}', 0],
    ['of a subset that takes detection over', `trafficPolicy: {${OUTLIERS}}, subsets: [{name: v1, labels: {version: v1}, trafficPolicy: {${FAILOVER}}}]`, 0],
    ['of a port, which takes nothing over', `trafficPolicy: {${OUTLIERS}, portLevelSettings: [{port: {number: 80}, ${FAILOVER}}]}`, 1],
    ['by weights alone', 'trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: "eu/*", to: {"us/*": 100}}]}}}', 0],
  ])('%s', (_what, spec, count) => {
    expect(found(rule(spec), ['MF0001'])).toHaveLength(count);
  });

  it('and weights cannot be set together', () => {
    expect(found(rule('trafficPolicy: {loadBalancer: {localityLbSetting: {failover: [{from: eu, to: us}], distribute: [{from: "eu/*", to: {"us/*": 100}}]}}, outlierDetection: {consecutive5xxErrors: 5}}'), ['IST0106'])).toEqual([
      'IST0106 DestinationRule.networking.istio.io/shop/cart spec.trafficPolicy.loadBalancer.localityLbSetting',
    ]);
  });
});

describe('a fault', () => {
  const fault = (end: string): string => route('{fault: {abort: {httpStatus: 503, percentage: {value: 1}}}, route: [{destination: {host: cart}}]}', `meshfleet.io/expires-at: "${end}"`);
  const now = Date.parse('2026-11-25T12:00:00Z');
  it('is told when its end has passed, by the time that is given', () => {
    expect(found(fault('2026-11-25T11:59:59Z'), ['MF0006'], { now })).toEqual(['MF0006 VirtualService.networking.istio.io/shop/cart spec.http[0].fault']);
    expect(found(fault('2026-11-25T12:00:01Z'), ['MF0006'], { now })).toEqual([]);
    expect(found(fault('soon'), ['MF0006'], { now })).toEqual([]);
    expect(found(fault('2026-11-25T11:59:59Z'), ['MF0006'])).toEqual([]);
  });
});

describe('weights', () => {
  it.each([
    ['80, 20', 0],
    ['80, 10', 1],
    ['1, 1', 1],
    ['100, 0', 0],
  ])('%s', (pair, count) => {
    const [a, b] = pair.split(', ');
    expect(found(route(`{route: [{destination: {host: a}, weight: ${a}}, {destination: {host: b}, weight: ${b}}]}`), ['MF0007'])).toHaveLength(count);
  });

  it('may be left out for one destination', () => {
    expect(found(route('{route: [{destination: {host: a}}]}'), ['MF0007'])).toEqual([]);
  });
});

describe('retries', () => {
  it.each([
    ['3s', '3, perTryTimeout: 2s', 1],
    ['6s', '3, perTryTimeout: 2s', 0],
    ['1m', '3, perTryTimeout: 500ms', 0],
    ['1s', '3', 0],
  ])('within %s: %s attempts', (timeout, attempts, count) => {
    expect(found(route(`{timeout: ${timeout}, retries: {attempts: ${attempts}}, route: [{destination: {host: a}}]}`), ['MF0008'])).toHaveLength(count);
  });
});
