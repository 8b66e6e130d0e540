import { istioPresets } from '@meshfleet/istio';
import { describe, expect, it } from 'vitest';
import { parameterSets } from './parameter-sets.ts';
import { namespacesOf, worldsOf } from './worlds.ts';

const at = (namespace: string, ...hosts: string[]) => ({ objects: [{ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'a', namespace }, spec: { hosts } }] });

describe('sets of objects', () => {
  it('stand beside each other where they share neither a namespace nor a host', () => {
    const [shop, pay, search, again] = [at('shop', 'a.example.com'), at('pay', 'b.example.com'), at('search', 'b.example.com'), at('shop')];
    expect(worldsOf([shop, pay, search, again])).toEqual([[shop, pay], [search, again]]);
  });

  it('of examples and random parameters share the root namespace alone', () => {
    const sets = istioPresets.filter(({ name }) => ['allow-list', 'default-deny', 'ab-test', 'retries'].includes(name)).flatMap((preset) => parameterSets(preset, 3));
    expect(sets).toHaveLength(16);
    const places = sets.flatMap(({ objects }) => namespacesOf(objects));
    expect([...new Set(places.filter((place, i) => places.indexOf(place) !== i))]).toEqual([]);
    expect(new Set(sets.map(({ parameters }) => JSON.stringify(parameters))).size).toBe(16);
  });
});
