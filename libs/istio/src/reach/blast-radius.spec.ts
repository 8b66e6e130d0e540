import type { KubeObject } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { blastRadius } from './blast-radius.ts';
import { contentsOf } from './cluster-contents.ts';

const contents = contentsOf([
  { key: 'Namespace/shop', body: { labels: {}, phase: 'Active' } },
  { key: 'Namespace/bank', body: { labels: {}, phase: 'Active' } },
  { key: 'Namespace/istio-system', body: { labels: {}, phase: 'Active' } },
  { key: 'Deployment.apps/shop/checkout-v1', body: { labels: { app: 'checkout', version: 'v1' } } },
  { key: 'Deployment.apps/shop/checkout-v2', body: { labels: { app: 'checkout', version: 'v2' } } },
  { key: 'StatefulSet.apps/bank/ledger', body: { labels: { app: 'ledger' } } },
  { key: 'Deployment.apps/istio-system/ingress', body: { labels: { istio: 'ingressgateway' } } },
  { key: 'Service/shop/checkout', body: { type: 'ClusterIP', selector: { app: 'checkout' } } },
  { key: 'Service/bank/ledger', body: { type: 'ClusterIP', selector: { app: 'ledger' } } },
  { key: 'Service/bank/external', body: { type: 'ExternalName' } },
  { key: 'VirtualService.networking.istio.io/shop/checkout', body: { spec: {} } },
]);

const object = (apiVersion: string, kind: string, namespace: string, spec: object): KubeObject => ({ apiVersion, kind, metadata: { name: 'it', namespace }, spec });
const SHOP = { namespaces: ['shop'], workloads: ['Deployment.apps/shop/checkout-v1', 'Deployment.apps/shop/checkout-v2'], services: ['Service/shop/checkout'] };

describe('the blast radius', () => {
  it('of a policy without a selector is its namespace, and in the root namespace the whole mesh', () => {
    const strict = (namespace: string) => object('security.istio.io/v1', 'PeerAuthentication', namespace, { mtls: { mode: 'STRICT' } });
    expect(blastRadius([strict('shop')], contents)).toEqual(SHOP);
    expect(blastRadius([strict('istio-system')], contents)).toEqual({
      namespaces: ['bank', 'istio-system', 'shop'],
      workloads: ['Deployment.apps/istio-system/ingress', ...SHOP.workloads, 'StatefulSet.apps/bank/ledger'],
      services: ['Service/bank/ledger', 'Service/shop/checkout'],
    });
  });

  it('of a selector is the workloads that carry its labels, and the services in front of them', () => {
    const filter = object('networking.istio.io/v1alpha3', 'EnvoyFilter', 'shop', { workloadSelector: { labels: { version: 'v2' } } });
    expect(blastRadius([filter], contents)).toEqual({ ...SHOP, workloads: ['Deployment.apps/shop/checkout-v2'] });
  });

  it.each(['checkout', 'checkout.shop', 'checkout.shop.svc.cluster.local', '*.shop.svc.cluster.local'])('of a route is the service that the host %s means, and what is behind it', (host) => {
    const route = object('networking.istio.io/v1', 'VirtualService', 'shop', { hosts: [host], http: [{ route: [{ destination: { host } }] }] });
    expect(blastRadius([route], contents)).toEqual(SHOP);
  });

  it('of a route in one namespace to a service of another is both', () => {
    const route = object('networking.istio.io/v1', 'VirtualService', 'shop', { hosts: ['example.com'], http: [{ route: [{ destination: { host: 'ledger.bank.svc.cluster.local' } }], mirror: { host: 'checkout' } }] });
    expect(blastRadius([route], contents)).toEqual({ namespaces: ['bank', 'shop'], workloads: [...SHOP.workloads, 'StatefulSet.apps/bank/ledger'], services: ['Service/bank/ledger', ...SHOP.services] });
  });

  it('of a route of the Gateway API follows parents, backends and mirrors', () => {
    const route = object('gateway.networking.k8s.io/v1', 'HTTPRoute', 'shop', {
      parentRefs: [{ group: '', kind: 'Service', name: 'checkout' }],
      rules: [{ backendRefs: [{ name: 'ledger', namespace: 'bank' }] }],
    });
    expect(blastRadius([route], contents).services).toEqual(['Service/bank/ledger', 'Service/shop/checkout']);
  });

  it('of a gateway is the pods that it selects, in whichever namespace', () => {
    const gateway = object('networking.istio.io/v1', 'Gateway', 'shop', { selector: { istio: 'ingressgateway' }, servers: [] });
    expect(blastRadius([gateway], contents).workloads).toEqual(['Deployment.apps/istio-system/ingress']);
  });

  it('of labels on a namespace is everything in it; of those on a workload, that workload', () => {
    expect(blastRadius([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } } }], contents)).toEqual(SHOP);
    expect(blastRadius([{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'checkout-v1', namespace: 'shop' } }], contents).workloads).toEqual(['Deployment.apps/shop/checkout-v1']);
  });

  it('of a policy for a Service by reference is that service, and not its namespace', () => {
    const deny = object('security.istio.io/v1', 'AuthorizationPolicy', 'bank', { targetRefs: [{ group: '', kind: 'Service', name: 'ledger' }] });
    expect(blastRadius([deny], contents)).toEqual({ namespaces: ['bank'], workloads: ['StatefulSet.apps/bank/ledger'], services: ['Service/bank/ledger'] });
  });

  it('of something that nothing matches is its own namespace alone', () => {
    const rule = object('networking.istio.io/v1', 'DestinationRule', 'shop', { host: 'nobody' });
    expect(blastRadius([rule], contents)).toEqual({ namespaces: ['shop'], workloads: [], services: [] });
  });
});
