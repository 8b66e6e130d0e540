import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactRules, describeRule, missingRules, ruleAllows, toRule } from './rbac-rule.ts';

const rule = (fields: Record<string, string[]>) => toRule(fields);
const PODS_READER = rule({ apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['get', 'list'] });

describe('ruleAllows', () => {
  it.each([
    ['the verb on the resource', PODS_READER, { verb: 'get', group: '', resource: 'pods' }, true],
    ['no other verb', PODS_READER, { verb: 'delete', group: '', resource: 'pods' }, false],
    ['no other group', PODS_READER, { verb: 'get', group: 'apps', resource: 'pods' }, false],
    ['a subresource that is named', PODS_READER, { verb: 'get', group: '', resource: 'pods', subresource: 'log' }, true],
    ['no subresource that is not named', PODS_READER, { verb: 'get', group: '', resource: 'pods', subresource: 'exec' }, false],
    ['every subresource under a star', rule({ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }), { verb: 'update', group: 'apps', resource: 'deployments', subresource: 'scale' }, true],
    ['one subresource of every resource', rule({ apiGroups: ['apps'], resources: ['*/scale'], verbs: ['update'] }), { verb: 'update', group: 'apps', resource: 'deployments', subresource: 'scale' }, true],
    ['that wildcard on no resource itself', rule({ apiGroups: ['apps'], resources: ['*/scale'], verbs: ['update'] }), { verb: 'update', group: 'apps', resource: 'deployments' }, false],
    ['only the names that are listed', rule({ apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['a'] }), { verb: 'get', group: '', resource: 'secrets', name: 'b' }, false],
    ['a list by no name rule', rule({ apiGroups: [''], resources: ['secrets'], verbs: ['list'], resourceNames: ['a'] }), { verb: 'list', group: '', resource: 'secrets' }, false],
    ['a path', rule({ nonResourceURLs: ['/version'], verbs: ['get'] }), { verb: 'get', nonResourcePath: '/version' }, true],
    ['a path below a star', rule({ nonResourceURLs: ['/openapi/*'], verbs: ['get'] }), { verb: 'get', nonResourcePath: '/openapi/v3' }, true],
    ['no path beside the star', rule({ nonResourceURLs: ['/openapi/*'], verbs: ['get'] }), { verb: 'get', nonResourcePath: '/metrics' }, false],
    ['no path by a rule on resources', rule({ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }), { verb: 'get', nonResourcePath: '/metrics' }, false],
  ])('allows %s', (_what, held, request, allowed) => {
    expect(ruleAllows(held, request)).toBe(allowed);
  });
});

describe('missingRules', () => {
  it('finds nothing missing in what is held, and all of it in nothing', () => {
    expect(missingRules([PODS_READER], [PODS_READER])).toEqual([]);
    expect(missingRules([PODS_READER], [])).toHaveLength(4);
  });

  it('names the missing verbs once, as kube-apiserver does', () => {
    const wanted = rule({ apiGroups: [''], resources: ['pods'], verbs: ['get', 'delete', 'create'] });
    expect(compactRules(missingRules([wanted], [PODS_READER])).map(describeRule)).toEqual(['{APIGroups:[""], Resources:["pods"], Verbs:["delete" "create"]}']);
  });

  it('lets nobody widen named access to all names', () => {
    const named = rule({ apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['a'] });
    const all = rule({ apiGroups: [''], resources: ['secrets'], verbs: ['get'] });
    expect(missingRules([named], [all])).toEqual([]);
    expect(missingRules([all], [named])).toHaveLength(1);
  });

  it('never lets a role allow a request that its writer may not make', () => {
    const verbs = fc.subarray(['get', 'list', 'update', '*'], { minLength: 1 });
    const resources = fc.subarray(['pods', 'pods/log', '*/scale', 'services', '*'], { minLength: 1 });
    const groups = fc.subarray(['', 'apps', '*'], { minLength: 1 });
    const names = fc.subarray(['a', 'b']);
    const anyRule = fc.record({ verbs, resources, apiGroups: groups, resourceNames: names }).map((fields) => toRule(fields));
    const request = fc.record({
      verb: fc.constantFrom('get', 'list', 'update', 'delete'),
      group: fc.constantFrom('', 'apps', 'batch'),
      resource: fc.constantFrom('pods', 'services', 'deployments'),
      subresource: fc.constantFrom('', 'log', 'scale'),
      name: fc.constantFrom('a', 'b', 'c'),
    });
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 3 }), anyRule, request, (held, wanted, asked) => {
        if (missingRules([wanted], held).length > 0 || !ruleAllows(wanted, asked)) return;
        expect(held.some((one) => ruleAllows(one, asked))).toBe(true);
      }),
    );
  });
});
