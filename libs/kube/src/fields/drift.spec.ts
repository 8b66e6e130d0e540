import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject, ManagedFieldsEntry } from '@meshfleet/model';
import { findDrift } from './drift.ts';

const gateway = (spec: object, managedFields: ManagedFieldsEntry[] = [], labels?: Record<string, string>): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'edge', namespace: 'shop', managedFields, ...(labels === undefined ? {} : { labels }) },
  spec,
});
const ours = (fieldsV1: object): ManagedFieldsEntry => ({ manager: 'meshfleet', operation: 'Apply', time: '2026-01-01T00:00:00Z', fieldsV1: fieldsV1 as Record<string, unknown> });
const theirs = (manager: string, fieldsV1: object, time = '2026-02-01T00:00:00Z'): ManagedFieldsEntry => ({ manager, operation: 'Update', time, fieldsV1: fieldsV1 as Record<string, unknown> });

const LISTENERS = { 'f:spec': { 'f:listeners': { 'k:{"name":"http"}': { '.': {}, 'f:name': {}, 'f:port': {} } } } };

describe('drift', () => {
  it('is none when every field is as applied, whatever others added and the server defaulted', () => {
    const live = gateway({ class: 'istio', defaulted: true, listeners: [{ name: 'theirs', port: 1 }, { name: 'http', port: 80, protocol: 'HTTP' }] }, [ours(LISTENERS)], { a: 'b' });
    expect(findDrift(gateway({ class: 'istio', listeners: [{ name: 'http', port: 80 }] }), live, 'meshfleet')).toEqual([]);
  });

  it('names the changed field of a keyed item and the manager that holds it now', () => {
    const live = gateway({ listeners: [{ name: 'other', port: 9 }, { name: 'http', port: 8080 }] }, [
      ours(LISTENERS),
      theirs('controller', { 'f:spec': { 'f:class': {} } }, '2026-03-01T00:00:00Z'),
      theirs('kubectl-edit', { 'f:spec': { 'f:listeners': { 'k:{"name":"http"}': { 'f:port': {} } } } }),
    ]);
    expect(findDrift(gateway({ listeners: [{ name: 'http', port: 80 }] }), live, 'meshfleet')).toEqual([{ field: '.spec.listeners[name="http"].port', manager: 'kubectl-edit' }]);
  });

  it('names the last writer when a field was removed, for nobody holds it then', () => {
    const live = gateway({}, [ours({}), theirs('early', {}, '2026-01-02T00:00:00Z'), theirs('late', {}, '2026-01-03T00:00:00Z')]);
    expect(findDrift(gateway({ class: 'istio' }), live, 'meshfleet')).toEqual([{ field: '.spec.class', manager: 'late' }]);
  });

  it('takes an atomic list as one value, and says once where it differs', () => {
    const live = gateway({ hosts: ['a', 'x', 'y'] }, [ours({ 'f:spec': { 'f:hosts': {} } })]);
    expect(findDrift(gateway({ hosts: ['a', 'b', 'c'] }), live, 'meshfleet').map(({ field }) => field)).toEqual(['.spec.hosts[1]']);
    expect(findDrift(gateway({ hosts: ['a'] }), live, 'meshfleet').map(({ field }) => field)).toEqual(['.spec.hosts']);
  });

  it('sees members missing from a set, and none that others added', () => {
    const live = gateway({ finalizers: ['b', 'a'] }, [ours({ 'f:spec': { 'f:finalizers': { 'v:"a"': {} } } })]);
    expect(findDrift(gateway({ finalizers: ['a'] }), live, 'meshfleet')).toEqual([]);
    expect(findDrift(gateway({ finalizers: ['a', 'c'] }), live, 'meshfleet').map(({ field }) => field)).toEqual(['.spec.finalizers[="c"]']);
  });

  it('takes null for nothing, and an empty object for what the server leaves out', () => {
    expect(findDrift(gateway({ a: null, b: {}, c: [] }), gateway({}), 'meshfleet')).toEqual([]);
  });

  it('covers labels and annotations of ours alone', () => {
    const wanted = gateway({}, [], { mine: '1' });
    expect(findDrift(wanted, gateway({}, [], { mine: '1', yours: '2' }), 'meshfleet')).toEqual([]);
    expect(findDrift(wanted, gateway({}, [], { yours: '2' }), 'meshfleet').map(({ field }) => field)).toEqual(['.metadata.labels.mine']);
  });

  it('counts an Update under our own name as somebody else', () => {
    const live = gateway({ class: 'x' }, [theirs('meshfleet', { 'f:spec': { 'f:class': {} } })]);
    expect(findDrift(gateway({ class: 'istio' }), live, 'meshfleet')).toEqual([{ field: '.spec.class', manager: 'meshfleet' }]);
  });

  it('is none between any object and itself', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const spec = { value };
        expect(findDrift(gateway(spec), gateway(JSON.parse(JSON.stringify(spec)) as object), 'meshfleet')).toEqual([]);
      }),
    );
  });
});
