import fc from 'fast-check';
import { MeshfleetError } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { place, placementLabels, placementSchema, preparePlacement } from './placement.ts';
import type { PlaceableCluster } from './placement.ts';

const tokyo: PlaceableCluster = { name: 'tokyo-1', labels: { env: 'prod', tier: 'web' }, region: 'ap-northeast-1', zone: null, network: 'net-a' };

describe('placement', () => {
  it('selects by label and says which selector did it', () => {
    const decision = place({ clusterSelector: 'env=prod,tier in (web,api)', clusterNames: [] }, tokyo);
    expect(decision).toEqual({ selected: true, because: 'its labels match env=prod,tier in (web,api)' });
  });

  it('says which requirement a cluster fails, and what it has instead', () => {
    expect(place({ clusterSelector: 'env=prod,tier=db', clusterNames: [] }, tokyo)).toEqual({
      selected: false,
      because: 'it has tier=web, and the selector asks for tier=db',
    });
    expect(place({ clusterSelector: 'team', clusterNames: [] }, tokyo).because).toBe('it has no label team, and the selector asks for team');
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
    });
    expect(place({ clusterSelector: 'meshfleet.io/network=net-a,!meshfleet.io/zone', clusterNames: [] }, tokyo).selected).toBe(true);
  });

  it('does not let a label of the cluster pass for its name', () => {
    const liar = { ...tokyo, labels: { 'meshfleet.io/name': 'osaka-1' } };
    expect(place({ clusterSelector: 'meshfleet.io/name=osaka-1', clusterNames: [] }, liar).selected).toBe(false);
  });

  it('refuses a selector that cannot be read', () => {
    expect(() => preparePlacement({ clusterSelector: 'env in prod', clusterNames: [] })).toThrow(MeshfleetError);
  });

  it('reads placements as they are stored, with parts left out', () => {
    expect(placementSchema.parse({})).toEqual({ clusterSelector: null, clusterNames: [] });
    expect(placementSchema.parse({ clusterSelector: '', clusterNames: null })).toEqual({ clusterSelector: '', clusterNames: [] });
    expect(() => placementSchema.parse({ clusterSelector: 3 })).toThrow();
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
