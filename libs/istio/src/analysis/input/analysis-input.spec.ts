import { describe, expect, it } from 'vitest';
import { objectsOf } from '../from-yaml.fixture.ts';
import { analysisInputOf, withChanges } from './analysis-input.ts';
import { KIND } from './kinds.ts';

const rows = [
  { key: 'Namespace/shop', body: { labels: { 'istio-injection': 'enabled' }, phase: 'Active' } },
  { key: 'Deployment.apps/shop/cart', body: { kind: 'Deployment', replicas: 2, ready: 2, images: ['cart:1'], labels: { app: 'cart' }, serviceAccount: 'cart', injected: 'true' } },
  { key: 'PeerAuthentication.security.istio.io/shop/default', body: { apiVersion: 'security.istio.io/v1', hash: 'h', policyId: 'p1', managedBy: 'meshfleet', spec: { mtls: { mode: 'STRICT' } } } },
  { key: 'EnvoyFilter.networking.istio.io/shop/large', body: { apiVersion: 'networking.istio.io/v1alpha3', hash: 'h' } },
];

describe('the input of an analysis', () => {
  it('knows what the inventory told, and what it left out', () => {
    const input = analysisInputOf(rows);
    expect(input.byKind.get(KIND.PeerAuthentication)?.get('PeerAuthentication.security.istio.io/shop/default')).toMatchObject({ namespace: 'shop', name: 'default', spec: { mtls: { mode: 'STRICT' } }, admitted: true, policies: ['p1'] });
    expect(input.byKind.get(KIND.EnvoyFilter)?.get('EnvoyFilter.networking.istio.io/shop/large')?.spec).toBeUndefined();
    expect(input.byKind.get(KIND.Deployment)?.get('Deployment.apps/shop/cart')).toMatchObject({ labels: { app: 'cart' }, spec: { serviceAccount: 'cart' } });
  });

  it('takes the mesh configuration from Sail Operator where that is the one that installs Istio', () => {
    const istio = (name: string) => ({ key: `Istio.sailoperator.io/${name}`, body: { apiVersion: 'sailoperator.io/v1', spec: { namespace: 'mesh', values: { meshConfig: { trustDomain: 'a' } } } } });
    expect(analysisInputOf([istio('default')]).facts).toMatchObject({ rootNamespace: 'mesh', meshConfig: { trustDomain: 'a' } });
    expect(analysisInputOf([istio('default')], { rootNamespace: 'other' }).facts).toMatchObject({ rootNamespace: 'other' });
    expect(analysisInputOf([istio('default'), istio('canary')]).facts).toMatchObject({ rootNamespace: 'mesh', meshConfig: undefined });
  });

  it('is not changed by what is asked of it: kinds that stay are shared, the others copied', () => {
    const input = analysisInputOf(rows);
    const [object] = objectsOf('apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: shop}\nspec: {mtls: {mode: PERMISSIVE}}');
    if (object === undefined) expect.unreachable();
    const after = withChanges(input, { upsert: [{ object, policy: 'p2' }], remove: ['Namespace/shop', 'Namespace/not-there'] });
    expect(after.byKind.get(KIND.Namespace)?.size).toBe(0);
    expect(after.byKind.get(KIND.PeerAuthentication)?.get('PeerAuthentication.security.istio.io/shop/default')).toMatchObject({ spec: { mtls: { mode: 'PERMISSIVE' } }, admitted: false, policies: ['p2'] });
    expect(input.byKind.get(KIND.Namespace)?.size).toBe(1);
    expect(input.byKind.get(KIND.PeerAuthentication)?.values().next().value).toMatchObject({ spec: { mtls: { mode: 'STRICT' } } });
    expect(after.byKind.get(KIND.Deployment)).toBe(input.byKind.get(KIND.Deployment));
  });

  it('knows a change of hands from two policies that want one object', () => {
    const [object] = objectsOf('apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: shop}\nspec: {mtls: {mode: PERMISSIVE}}');
    if (object === undefined) expect.unreachable();
    const policies = (...names: readonly (string | undefined)[]) => withChanges(analysisInputOf(rows), { upsert: names.map((policy) => (policy === undefined ? { object } : { object, policy })) }).byKind.get(KIND.PeerAuthentication)?.values().next().value?.policies;
    expect(policies('p2')).toEqual(['p2']);
    expect(policies('p2', 'p3')).toEqual(['p2', 'p3']);
    expect(policies(undefined)).toEqual(['p1']);
  });

  it('gives up the annotations of our own objects, and keeps those of others', () => {
    const [object] = objectsOf('apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: shop}\nspec: {}');
    if (object === undefined) expect.unreachable();
    const row = (policyId?: string) => ({ key: 'PeerAuthentication.security.istio.io/shop/default', body: { apiVersion: 'security.istio.io/v1', spec: {}, annotations: { 'istio.io/dry-run': 'true' }, ...(policyId === undefined ? {} : { policyId }) } });
    const annotations = (policyId?: string) => withChanges(analysisInputOf([row(policyId)]), { upsert: [{ object, policy: 'p1' }] }).byKind.get(KIND.PeerAuthentication)?.values().next().value?.annotations;
    expect(annotations('p1')).toEqual({});
    expect(annotations()).toEqual({ 'istio.io/dry-run': 'true' });
  });

  it('takes manifests of labels alone for what they are', () => {
    const after = withChanges(analysisInputOf(rows), {
      upsert: objectsOf(`
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/rev: canary}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {template: {metadata: {labels: {sidecar.istio.io/inject: "false"}}}}
`).map((object) => ({ object })),
    });
    expect(after.byKind.get(KIND.Namespace)?.get('Namespace/shop')?.labels).toEqual({ 'istio-injection': 'enabled', 'istio.io/rev': 'canary' });
    expect(after.byKind.get(KIND.Deployment)?.get('Deployment.apps/shop/cart')).toMatchObject({ labels: { app: 'cart', 'sidecar.istio.io/inject': 'false' }, spec: { images: ['cart:1'], serviceAccount: 'cart' } });
  });
});
