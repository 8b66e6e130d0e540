import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterAnchors, placementAnchors } from './placement-anchors.ts';
import { place, placementSchema } from './placement.ts';

const anchors = (placement: object): string[] => placementAnchors(placementSchema.parse(placement));

describe('the anchors of a placement', () => {
  it.each([
    [{ clusterSelector: 'env=prod,team=shop' }, ['team=shop']],
    [{ clusterSelector: 'team=shop,env in (prod,test)' }, ['team=shop']],
    [{ clusterSelector: 'env in (prod,test),!legacy' }, ['env=prod', 'env=test']],
    [{ clusterSelector: 'env=prod', regions: ['eu'], meshes: ['m'] }, ['env=prod']],
    [{ regions: ['eu', 'us'] }, ['meshfleet.io/region=eu', 'meshfleet.io/region=us']],
    [{ clusterSelector: 'gpu,env!=dev' }, ['gpu']],
    [{ clusterSelector: 'cores>4' }, ['cores']],
    [{ clusterSelector: 'env!=dev,!legacy' }, ['']],
    [{ clusterSelector: '' }, ['']],
    [{ clusterNames: ['a', 'b'] }, ['meshfleet.io/name=a', 'meshfleet.io/name=b']],
    [{ clusterNames: ['a'], clusterSelector: 'env=prod' }, ['env=prod', 'meshfleet.io/name=a']],
    [{ excludeClusterNames: ['a'] }, []],
    [{}, []],
  ])('of %j are %j', (placement, found) => {
    expect(anchors(placement)).toEqual(found);
  });

  it('lead every cluster to each placement that selects it', () => {
    const value = fc.constantFrom('a', 'b', '', '7');
    const label = fc.constantFrom('x', 'y', 'z');
    const requirement = fc.oneof(
      fc.tuple(label, fc.uniqueArray(value, { minLength: 1 }), fc.constantFrom('in', 'notin')).map(([key, values, operator]) => `${key} ${operator} (${values.join(',')})`),
      label,
      label.map((key) => `!${key}`),
      fc.tuple(label, fc.constantFrom('>', '<')).map(([key, sign]) => `${key}${sign}5`),
    );
    const names = fc.uniqueArray(fc.constantFrom('one', 'two'));
    const placement = fc.record({
      clusterSelector: fc.option(fc.array(requirement, { maxLength: 3 }).map((parts) => parts.join(','))),
      clusterNames: names,
      excludeClusterNames: names,
      regions: fc.uniqueArray(fc.constantFrom('eu', 'us')),
      meshes: fc.uniqueArray(fc.constantFrom('m', 'n')),
    });
    const place_ = fc.option(fc.constantFrom('eu', 'us', 'm'));
    const cluster = fc.record({ name: fc.constantFrom('one', 'two', 'three'), labels: fc.dictionary(label, value), region: place_, zone: place_, network: place_, mesh: place_ });
    let selected = 0;
    fc.assert(
      fc.property(placement, cluster, (given, found) => {
        const parsed = placementSchema.parse(given);
        if (!place(parsed, found).selected) return;
        selected += 1;
        const at = new Set(clusterAnchors(found));
        expect(placementAnchors(parsed).some((anchor) => at.has(anchor))).toBe(true);
      }),
      { numRuns: 3_000 },
    );
    expect(selected).toBeGreaterThan(300);
  });
});
