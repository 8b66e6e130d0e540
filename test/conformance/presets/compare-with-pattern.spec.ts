import { describe, expect, it } from 'vitest';
import { compareWithPattern, factsOf } from './compare-with-pattern.ts';

const rule = { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata: { name: 'a', namespace: 'shop' }, spec: { host: 'a', exportTo: ['.', 'shop'], trafficPolicy: { tls: { mode: 'DISABLE' } } } };
const facts = { kind: 'DestinationRule.networking.istio.io', 'spec.host': 'a', 'spec.exportTo': ['.', 'shop'], 'spec.trafficPolicy.tls.mode': 'DISABLE' };

describe('a preset beside a pattern', () => {
  it('tells an object as facts by path', () => {
    expect(factsOf(rule)).toEqual({ ...facts, 'metadata.name': 'a', 'metadata.namespace': 'shop' });
    expect(factsOf({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a', labels: { 'istio.io/rev': 'x' } }, spec: { empty: {}, list: [{ a: 1 }] } })).toEqual({ kind: 'Namespace', 'metadata.name': 'a', 'metadata.labels[istio.io/rev]': 'x', 'spec.empty': {}, 'spec.list.0.a': 1 });
  });

  it('finds nothing where both say the same, whatever the name', () => {
    expect(compareWithPattern([rule], { objects: [facts] })).toEqual({ unexplained: [], stale: [] });
  });

  it('finds what only the pattern says, what only the preset writes, and what they say differently', () => {
    const pattern = { kind: 'DestinationRule.networking.istio.io', 'metadata.name': 'b', 'spec.host': 'a', 'spec.trafficPolicy.tls.mode': 'SIMPLE', 'spec.trafficPolicy.tls.sni': 'a' };
    expect(compareWithPattern([rule], { objects: [pattern] }).unexplained).toEqual([
      'DestinationRule metadata.name: the pattern says "b", and the preset writes "a"',
      'DestinationRule spec.trafficPolicy.tls.mode: the pattern says "SIMPLE", and the preset writes "DISABLE"',
      'DestinationRule spec.trafficPolicy.tls.sni: the pattern says "a", and the preset does not write it',
      'DestinationRule spec.exportTo: the preset writes [".","shop"], and the pattern does not have it',
    ]);
  });

  it('finds objects that one of them lacks, and a kind of another group', () => {
    expect(compareWithPattern([rule, rule], { objects: [facts] }).unexplained).toEqual([expect.stringMatching(/^DestinationRule#2: the preset writes it/)]);
    expect(compareWithPattern([], { objects: [facts] }).unexplained).toEqual([expect.stringMatching(/^DestinationRule: the pattern has it/)]);
    expect(compareWithPattern([rule], { objects: [{ ...facts, kind: 'DestinationRule.example.com' }] }).unexplained).toEqual([expect.stringMatching(/^DestinationRule kind:/)]);
  });

  it('takes a reason for a place and all below it, and finds the reasons that tell of nothing', () => {
    const { 'spec.trafficPolicy.tls.mode': _mode, ...pattern } = facts;
    const compared = (differences: Readonly<Record<string, string>>): unknown => compareWithPattern([rule], { objects: [pattern], differences });
    expect(compared({ 'DestinationRule spec.trafficPolicy': 'It must be so.' })).toEqual({ unexplained: [], stale: [] });
    expect(compared({ 'DestinationRule spec.trafficPolicy.tls.mode': 'It must be so.', 'DestinationRule spec.host': 'It was so once.' })).toEqual({ unexplained: [], stale: ['DestinationRule spec.host'] });
    expect(compareWithPattern([rule, rule], { objects: [], differences: { DestinationRule: 'It must be so.' } }).unexplained).toHaveLength(1);
    expect(compared({ 'DestinationRule spec.traffic': 'It must be so.' })).toMatchObject({ stale: ['DestinationRule spec.traffic'] });
  });
});
