import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MeshfleetError } from './errors.ts';
import { matchesLabels, parseLabelSelector, printLabelSelector, type LabelRequirement } from './label-selector.ts';

const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9_.]{0,5}[a-z0-9])?$/);
const key = fc.oneof(name, fc.constantFrom('in', 'notin', 'x'), fc.tuple(fc.constantFrom('meshfleet.io', 'a.b'), name).map((p) => p.join('/')));
const value = fc.oneof(name, fc.constantFrom('', 'in', 'notin', '7'));
const set = fc.uniqueArray(value, { minLength: 1, maxLength: 4 }).map((values) => values.sort());
const requirement: fc.Arbitrary<LabelRequirement> = fc.oneof(
  fc.record({ operator: fc.constantFrom('in' as const, 'notin' as const), key, values: set }),
  fc.record({ operator: fc.constantFrom('exists' as const, 'absent' as const), key }),
  fc.record({ operator: fc.constantFrom('gt' as const, 'lt' as const), key, bound: fc.integer({ min: -99, max: 99 }) }),
);

function problem(text: string): MeshfleetError {
  try {
    parseLabelSelector(text);
  } catch (error) {
    if (error instanceof MeshfleetError) return error;
    throw error;
  }
  expect.unreachable(`${text} was parsed`);
}

describe('label selectors', () => {
  it('parses what it prints to the same selector', () => {
    fc.assert(
      fc.property(fc.array(requirement, { maxLength: 6 }), (selector) => {
        expect(parseLabelSelector(printLabelSelector(selector))).toEqual(selector);
      }),
    );
  });

  it('reads every form of kubectl, spaced or not', () => {
    expect(parseLabelSelector(' env = prod , tier in ( web,api ),region notin (eu),!legacy,track, zone!=a ,cores>4,age<-2, x==y ')).toEqual([
      { operator: 'in', key: 'env', values: ['prod'] },
      { operator: 'in', key: 'tier', values: ['api', 'web'] },
      { operator: 'notin', key: 'region', values: ['eu'] },
      { operator: 'absent', key: 'legacy' },
      { operator: 'exists', key: 'track' },
      { operator: 'notin', key: 'zone', values: ['a'] },
      { operator: 'gt', key: 'cores', bound: 4 },
      { operator: 'lt', key: 'age', bound: -2 },
      { operator: 'in', key: 'x', values: ['y'] },
    ]);
    expect(parseLabelSelector('env=,tier in (,a)')).toEqual([
      { operator: 'in', key: 'env', values: [''] },
      { operator: 'in', key: 'tier', values: ['', 'a'] },
    ]);
  });

  it('selects everything when it is empty', () => {
    fc.assert(fc.property(fc.dictionary(key, value), (labels) => matchesLabels(parseLabelSelector('  '), labels)));
  });

  it('counts an absent key as not in any set, as Kubernetes does', () => {
    expect(matchesLabels(parseLabelSelector('env!=prod'), {})).toBe(true);
    expect(matchesLabels(parseLabelSelector('env notin (prod)'), { env: 'prod' })).toBe(false);
    expect(matchesLabels(parseLabelSelector('env=prod'), {})).toBe(false);
    expect(matchesLabels(parseLabelSelector('toString'), {})).toBe(false);
    expect(matchesLabels(parseLabelSelector('cores>4'), { cores: 'many' })).toBe(false);
    expect(matchesLabels(parseLabelSelector('cores>4'), { cores: '5' })).toBe(true);
  });

  it('makes in and notin, exists and absent each other’s opposite', () => {
    fc.assert(
      fc.property(key, set, fc.dictionary(key, value), (k, values, labels) => {
        expect(matchesLabels([{ operator: 'in', key: k, values }], labels)).not.toBe(matchesLabels([{ operator: 'notin', key: k, values }], labels));
        expect(matchesLabels([{ operator: 'exists', key: k }], labels)).not.toBe(matchesLabels([{ operator: 'absent', key: k }], labels));
      }),
    );
  });

  it.each([
    ['env=prod,', 'after ","', 10],
    ['env=prod tier=web', '","', 10],
    ['env in prod', '"("', 8],
    ['env in (prod', 'the end', 13],
    ['=prod', 'label key', 1],
    ['!', 'label key', 2],
    ['env=pr$od', 'no label value', 5],
    ['-env', 'no label key', 1],
    ['a/b/c', 'more than one "/"', 1],
    ['cores>four', 'whole number', 7],
    ['a b', 'operator', 3],
  ])('says where and why %s cannot be read', (text, why, column) => {
    const error = problem(text);
    expect(error.code).toBe('PLACEMENT_INVALID');
    expect(error.why).toContain(why);
    expect(error.where?.column).toBe(column);
  });

  it('never fails with anything but its own error', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab=!,()<>in notx/.-_ 1\t$') }), (text) => {
        try {
          parseLabelSelector(text);
        } catch (error) {
          expect(error).toBeInstanceOf(MeshfleetError);
        }
      }),
    );
  });
});
