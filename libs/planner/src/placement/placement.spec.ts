import fc from 'fast-check';
import { MeshfleetError } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { NOWHERE, place as placeIt, placementLabels, placementSchema, placesOf, preparePlacement } from './placement.ts';
import type { PlaceableCluster, Placement, PlacementDecision } from './placement.ts';

const tokyo: PlaceableCluster = { name: 'tokyo-1', labels: { env: 'prod', tier: 'web' }, region: 'ap-northeast-1', zone: null, network: 'net-a', mesh: 'shop' };

function place(given: Partial<Placement>, cluster: PlaceableCluster): PlacementDecision {
  const { selected, because } = placeIt({ ...NOWHERE, ...given }, cluster);
  return { selected, because };
}

describe('placement', () => {
  it('selects by label and says which selector did it', () => {
    const decision = place({ clusterSelector: 'env=prod,tier in (web,api)', clusterNames: [] }, tokyo);
    expect(decision).toEqual({ selected: true, because: 'its labels match env=prod,tier in (web,api)' });
  });

  it('says which requirement a cluster fails, and what it has instead', () => {
    expect(place({ clusterSelector: 'env=prod,tier=db', clusterNames: [] }, tokyo)).toEqual({
      selected: false,
      because: 'it has tier=web, and the placement asks for tier=db',
    });
    expect(place({ clusterSelector: 'team', clusterNames: [] }, tokyo).because).toBe('it has no label team, and the placement asks for team');
  });

  it('selects a named cluster whatever the selector says', () => {
    expect(place({ clusterSelector: 'env=dev', clusterNames: ['tokyo-1'] }, tokyo).selected).toBe(true);
  });

  it('selects every cluster by an empty selector and none by an absent one', () => {
    expect(place({ clusterSelector: '', clusterNames: [] }, tokyo).selected).toBe(true);
    expect(place({ clusterSelector: null, clusterNames: [] }, tokyo).selected).toBe(false);
  });

  it('always knows the name, region, zone and network of a cluster', () => {
    expect(placementLabels(tokyo)).toEqual({
      env: 'prod',
      tier: 'web',
      'meshfleet.io/name': 'tokyo-1',
      'meshfleet.io/region': 'ap-northeast-1',
      'meshfleet.io/network': 'net-a',
      'meshfleet.io/mesh': 'shop',
    });
    expect(place({ clusterSelector: 'meshfleet.io/network=net-a,!meshfleet.io/zone', clusterNames: [] }, tokyo).selected).toBe(true);
  });

  it('does not let a label of the cluster pass for its name', () => {
    const liar = { ...tokyo, labels: { 'meshfleet.io/name': 'osaka-1' } };
    expect(place({ clusterSelector: 'meshfleet.io/name=osaka-1', clusterNames: [] }, liar).selected).toBe(false);
  });

  it('refuses a selector that cannot be read', () => {
    expect(() => preparePlacement({ ...NOWHERE, clusterSelector: 'env in prod', clusterNames: [] })).toThrow(MeshfleetError);
  });

  it('reads placements as they are stored, with parts left out', () => {
    const rest = { regions: [], meshes: [], excludeClusterNames: [], percent: null, count: null };
    expect(placementSchema.parse({})).toEqual({ clusterSelector: null, clusterNames: [], ...rest });
    expect(placementSchema.parse({ clusterSelector: '', clusterNames: null })).toEqual({ clusterSelector: '', clusterNames: [], ...rest });
    expect(() => placementSchema.parse({ clusterSelector: 3 })).toThrow();
  });

  it('asks for selector, region and mesh at once, as far as they are given', () => {
    expect(place({ regions: ['eu', 'ap-northeast-1'] }, tokyo).selected).toBe(true);
    expect(place({ clusterSelector: 'env=prod', regions: ['eu'] }, tokyo)).toEqual({
      selected: false,
      because: 'it has meshfleet.io/region=ap-northeast-1, and the placement asks for meshfleet.io/region=eu',
    });
    expect(place({ clusterSelector: '', meshes: ['shop'] }, tokyo)).toEqual({ selected: true, because: 'its mesh is among shop' });
    expect(place({ meshes: ['bank'] }, { ...tokyo, mesh: null }).because).toBe('it has no label meshfleet.io/mesh, and the placement asks for meshfleet.io/mesh=bank');
    expect(place({ regions: ['eu'], clusterNames: ['tokyo-1'] }, tokyo).selected).toBe(true);
  });

  it('leaves out whom it excludes, whatever else holds', () => {
    expect(place({ clusterSelector: '', clusterNames: ['tokyo-1'], excludeClusterNames: ['tokyo-1'] }, tokyo)).toEqual({
      selected: false,
      because: 'the placement excludes the cluster tokyo-1',
    });
  });

  it.each([
    [{ percent: 10 }, 25, 3],
    [{ percent: 100 }, 25, 25],
    [{ percent: 1 }, 1, 1],
    [{ percent: 50 }, 0, 0],
    [{ count: 3 }, 25, 3],
    [{ count: 30 }, 25, 25],
    [{}, 25, 25],
  ])('with %o takes of %i clusters %i', (limit, matching, places) => {
    expect(placesOf({ ...NOWHERE, ...limit }, matching)).toBe(places);
  });

  it('never selects and refuses the same cluster by a requirement and its opposite', () => {
    const word = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(fc.dictionary(word, word), word, fc.uniqueArray(word, { minLength: 1 }), (labels, key, values) => {
        const cluster = { ...tokyo, labels };
        const select = (clusterSelector: string) => place({ clusterSelector, clusterNames: [] }, cluster).selected;
        expect(select(`${key} in (${values.join(',')})`)).toBe(!select(`${key} notin (${values.join(',')})`));
        expect(select(key)).toBe(!select(`!${key}`));
      }),
    );
  });
});
