import { describe, expect, it } from 'vitest';
import { analyze } from '../../analyze.ts';
import { found } from '../../from-yaml.fixture.ts';
import { analysisInputOf } from '../../input/analysis-input.ts';

const route = (spec: string): string => `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: shop}\nspec: {${spec}}\n`;
const AT = 'IST0106 VirtualService.networking.istio.io/shop/a';

describe('what an API server or the webhook would refuse', () => {
  it.each([
    ['a value that is not in the schema', 'hosts: [a], http: [{timeout: 0s}]', `${AT} spec.http[0].timeout`],
    ['a host for gateways alone', 'hosts: ["*"], http: [{redirect: {uri: /}}]', `${AT} spec.hosts[0]`],
    ['several destinations without weights', 'hosts: [a], http: [{route: [{destination: {host: a}}, {destination: {host: b}}]}]', `${AT} spec.http[0].route`],
    ['a route to nowhere', 'hosts: [a], http: [{timeout: 5s}]', `${AT} spec.http[0]`],
    ['a redirect that also routes', 'hosts: [a], http: [{redirect: {uri: /}, route: [{destination: {host: a}}]}]', `${AT} spec.http[0]`],
    ['a fault beside a redirect', 'hosts: [a], http: [{redirect: {uri: /}, fault: {abort: {httpStatus: 500, percentage: {value: 1}}}}]', `${AT} spec.http[0]`],
    ['no routes', 'hosts: [a]', AT],
  ])('%s', (_what, spec, finding) => {
    expect(found(route(spec), ['IST0106'])).toEqual([finding]);
  });

  it('is not looked for by schema in what an API server holds already', () => {
    const row = (spec: { hosts: string[]; http: { timeout: string }[] }) => ({ key: 'VirtualService.networking.istio.io/shop/a', body: { apiVersion: 'networking.istio.io/v1', hash: 'h', spec } });
    expect(analyze(analysisInputOf([row({ hosts: ['a'], http: [{ timeout: '0s' }] })]), { only: ['IST0106'] }).map(({ message }) => message)).not.toContain('timeout');
  });
});

describe('deprecated fields', () => {
  it('that istioctl warns of have its code, the others ours', () => {
    expect(found(route('hosts: [a], http: [{fault: {delay: {percent: 1, fixedDelay: 1s}}, mirrorPercent: 5, route: [{destination: {host: a}}]}]'), ['IST0002', 'MF0011'])).toEqual([
      'IST0002 VirtualService.networking.istio.io/shop/a spec.http[0].fault.delay.percent',
      'MF0011 VirtualService.networking.istio.io/shop/a spec.http[0].mirrorPercent',
    ]);
  });
});
