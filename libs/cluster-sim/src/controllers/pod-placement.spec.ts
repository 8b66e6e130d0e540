import type { KubeObject } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { chooseNode, selectorAllows } from './pod-placement.ts';

const node = (name: string, labels: Record<string, string> = {}, spec: object = {}): KubeObject => ({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec });
const pod = (spec: object): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'shop' }, spec });
const required = (...nodeSelectorTerms: object[]): object => ({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } });
const expression = (key: string, operator: string, ...values: string[]): object => ({ matchExpressions: [{ key, operator, values }] });

describe('which node may run a pod', () => {
  const big = node('big', { zone: 'a', cores: '32' });

  it('is said by its labels, all of them', () => {
    expect(selectorAllows({ nodeSelector: { zone: 'a', cores: '32' } }, big)).toBe(true);
    expect(selectorAllows({ nodeSelector: { zone: 'a', cores: '8' } }, big)).toBe(false);
    expect(selectorAllows({}, big)).toBe(true);
  });

  it.each([
    ['In', ['a', 'b'], true],
    ['NotIn', ['a'], false],
    ['Exists', [], true],
    ['DoesNotExist', [], false],
  ] as const)('is said by an expression with %s', (operator, values, allowed) => {
    expect(selectorAllows(required(expression('zone', operator, ...values)), big)).toBe(allowed);
  });

  it('compares numbers', () => {
    expect(selectorAllows(required(expression('cores', 'Gt', '16')), big)).toBe(true);
    expect(selectorAllows(required(expression('cores', 'Lt', '16')), big)).toBe(false);
    expect(selectorAllows(required(expression('missing', 'Gt', '1')), big)).toBe(false);
  });

  it('is said by any one of its terms, and an empty term matches nothing', () => {
    expect(selectorAllows(required(expression('zone', 'In', 'b'), expression('zone', 'In', 'a')), big)).toBe(true);
    expect(selectorAllows(required({}), big)).toBe(false);
  });

  it('may be said by its name, as daemon sets say it', () => {
    const named = (name: string): object => required({ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] });
    expect(selectorAllows(named('big'), big)).toBe(true);
    expect(selectorAllows(named('small'), big)).toBe(false);
  });
});

describe('the node that gets a pod', () => {
  const nodes = [node('b'), node('a'), node('cordoned', {}, { unschedulable: true })];

  it('is the one with the fewest pods, by name where they are equal, and never one that is cordoned', () => {
    expect(chooseNode(pod({}), nodes, new Map([['a', 2], ['b', 1]]))).toBe('b');
    expect(chooseNode(pod({}), nodes, new Map())).toBe('a');
  });

  it('is none where none may run it', () => {
    expect(chooseNode(pod({ nodeSelector: { zone: 'z' } }), nodes, new Map())).toBeUndefined();
  });
});
