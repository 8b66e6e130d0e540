import { describe, expect, it } from 'vitest';
import { analyze } from './analyze.ts';
import { analysisInputOf, withChanges } from './input/analysis-input.ts';
import { newErrors, newFindings } from './new-findings.ts';
import { doubtUnread, unreadIn } from './unread-objects.ts';

const KEY = 'VirtualService.networking.istio.io/shop/large';
const namespace = { key: 'Namespace/shop', body: { labels: {} } };
const spec = { hosts: ['large'], http: [{ route: [{ destination: { host: 'nowhere' } }] }] };
const object = (name: string) => ({ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name, namespace: 'shop' }, spec });

describe('an object that is too large for the inventory', () => {
  // What the agent says of it: that it is there, and a hash.
  const before = analysisInputOf([namespace, { key: KEY, body: { apiVersion: 'networking.istio.io/v1', hash: 'h' } }]);

  it('may have had before what is found once it can be read: that is no error that a change brings', () => {
    const found = newFindings(analyze(before), analyze(withChanges(before, { upsert: [{ object: object('large') }, { object: object('other') }] })));
    const judged = doubtUnread(found, unreadIn(before)).filter(({ code }) => code === 'IST0101');
    expect(judged.map((each) => [each.object, each.severity])).toEqual([
      [KEY, 'WARNING'],
      ['VirtualService.networking.istio.io/shop/other', 'ERROR'],
    ]);
    expect(judged[0]?.why).toContain('It may have been so before');
    expect(newErrors([], judged).map((each) => each.object)).toEqual(['VirtualService.networking.istio.io/shop/other']);
  });

  it('is in doubt no more when the inventory has it', () => {
    expect(unreadIn(analysisInputOf([namespace, { key: KEY, body: { apiVersion: 'networking.istio.io/v1', spec } }])).size).toBe(0);
  });
});
