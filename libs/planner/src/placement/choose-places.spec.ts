import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePlaces } from './choose-places.ts';
import type { PlacementCandidate } from './choose-places.ts';
import { NOWHERE } from './placement.ts';
import type { Placement } from './placement.ts';

const candidate = (id: number, held = false, labels: Record<string, string> = { env: 'prod' }): PlacementCandidate => ({
  id: `cluster-${id}`, name: `c${id}`, labels, region: null, zone: null, network: null, mesh: null, held,
});
const selected = (placement: Partial<Placement>, clusters: readonly PlacementCandidate[], policy = 'p'): string[] =>
  [...choosePlaces({ ...NOWHERE, ...placement }, policy, clusters)].filter(([, { selected }]) => selected).map(([id]) => id).sort();
const holding = (clusters: readonly PlacementCandidate[], ids: readonly string[]): PlacementCandidate[] =>
  clusters.map((cluster) => ({ ...cluster, held: ids.includes(cluster.id) }));

const fleet = fc.uniqueArray(fc.integer({ min: 0, max: 200 }), { maxLength: 40 }).map((ids) => ids.map((id) => candidate(id)));
const limit = fc.oneof(fc.record({ percent: fc.integer({ min: 1, max: 100 }) }), fc.record({ count: fc.integer({ min: 1, max: 30 }) }));

describe('places that are fewer than the clusters that match', () => {
  it('are never more than asked for, and all taken', () => {
    fc.assert(
      fc.property(fleet, limit, (clusters, limits) => {
        const places = 'percent' in limits ? Math.ceil((clusters.length * limits.percent) / 100) : Math.min(limits.count, clusters.length);
        expect(selected({ clusterSelector: '', ...limits }, clusters)).toHaveLength(places);
      }),
    );
  });

  it('stay with who has them while the fleet grows, and deciding again moves nobody', () => {
    fc.assert(
      fc.property(fleet, fleet, limit, (first, more, limits) => {
        const placement = { clusterSelector: '', ...limits };
        const before = selected(placement, first);
        const grown = [...new Map([...first, ...more].map((cluster) => [cluster.id, cluster])).values()];
        const after = selected(placement, holding(grown, before));
        expect(after).toEqual(expect.arrayContaining(before));
        expect(selected(placement, holding(grown, after))).toEqual(after);
      }),
    );
  });

  it('go on to another cluster only when one no longer matches', () => {
    const clusters = Array.from({ length: 10 }, (_, id) => candidate(id));
    const before = selected({ clusterSelector: 'env=prod', count: 3 }, clusters);
    const left = before[1] ?? '';
    const after = selected({ clusterSelector: 'env=prod', count: 3 }, holding(clusters, before).map((cluster) => (cluster.id === left ? { ...cluster, labels: {} } : cluster)));
    expect(after).toHaveLength(3);
    expect(after.filter((id) => before.includes(id))).toEqual(before.filter((id) => id !== left));
  });

  it('do not depend on the order in which clusters come, and differ from policy to policy', () => {
    const clusters = Array.from({ length: 100 }, (_, id) => candidate(id));
    expect(selected({ clusterSelector: '', count: 10 }, [...clusters].reverse())).toEqual(selected({ clusterSelector: '', count: 10 }, clusters));
    expect(selected({ clusterSelector: '', count: 10 }, clusters, 'other')).not.toEqual(selected({ clusterSelector: '', count: 10 }, clusters));
  });

  it('do not count clusters that are named', () => {
    const clusters = Array.from({ length: 5 }, (_, id) => candidate(id));
    const chosen = selected({ clusterSelector: '', clusterNames: ['c0', 'c1'], count: 1 }, clusters);
    expect(chosen).toHaveLength(3);
    expect(chosen).toEqual(expect.arrayContaining(['cluster-0', 'cluster-1']));
  });

  it('are explained, to those who got one and to those who did not', () => {
    const decisions = choosePlaces({ ...NOWHERE, clusterSelector: 'env=prod', percent: 50 }, 'p', [candidate(1, true), candidate(2)]);
    expect(decisions.get('cluster-1')?.because).toBe('its labels match env=prod; the placement takes 50 % of the clusters that match: 1 of 2, and it has the policy already and keeps its place');
    expect(decisions.get('cluster-2')).toEqual({
      selected: false,
      because: 'its labels match env=prod; the placement takes 50 % of the clusters that match: 1 of 2, and it is number 2 in the policy’s order',
    });
  });
});
