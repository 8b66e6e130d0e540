import type { KubeObject } from '@meshfleet/model';
import fc from 'fast-check';
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

describe('the blast radius of what attaches to a gateway', () => {
  const row = (key: string, spec: object, labels = {}) => ({ key, body: { labels, spec: { ...spec } } });
  const gateways = contentsOf([
    { key: 'Namespace/shop', body: {} },
    { key: 'Deployment.apps/shop/web', body: { labels: { app: 'web' } } },
    { key: 'Service/shop/web', body: { selector: { app: 'web' } } },
    { key: 'Deployment.apps/infra/entry', body: { labels: { istio: 'entry' } } },
    { key: 'Deployment.apps/infra/other', body: { labels: { istio: 'other' } } },
    { key: 'Deployment.apps/infra/public-istio', body: { labels: { 'gateway.networking.k8s.io/gateway-name': 'public' } } },
    { key: 'Deployment.apps/infra/by-hand', body: { labels: { app: 'by-hand' } } },
    { key: 'Service/infra/by-hand', body: { selector: { app: 'by-hand' } } },
    row('Gateway.networking.istio.io/infra/entry', { selector: { istio: 'entry' } }),
    row('Gateway.gateway.networking.k8s.io/infra/public', { gatewayClassName: 'istio' }),
    row('Gateway.gateway.networking.k8s.io/infra/manual', { gatewayClassName: 'istio', addresses: [{ type: 'Hostname', value: 'by-hand.infra.svc.cluster.local' }] }),
  ]);
  const WEB = 'Deployment.apps/shop/web';
  const workloads = (...objects: KubeObject[]): readonly string[] => blastRadius(objects, gateways).workloads;
  const virtualService = (names: string[]) => object('networking.istio.io/v1', 'VirtualService', 'shop', { hosts: ['shop.example.com'], gateways: names, http: [{ route: [{ destination: { host: 'web' } }] }] });

  it('is the gateway’s pods and what the VirtualService routes to', () => {
    expect(workloads(virtualService(['infra/entry', 'mesh']))).toEqual(['Deployment.apps/infra/entry', WEB]);
    expect(workloads(virtualService(['entry', './entry', 'infra/gone']))).toEqual([WEB]);
  });

  it('is that of a gateway which comes with the same change, and which it leaves', () => {
    const gateway = (selector: object): KubeObject => ({ ...object('networking.istio.io/v1', 'Gateway', 'shop', { selector }), metadata: { name: 'entry', namespace: 'shop' } });
    expect(workloads(virtualService(['entry']), gateway({ istio: 'other' }))).toEqual(['Deployment.apps/infra/other', WEB]);
    expect(workloads(virtualService(['./entry']), gateway({ istio: 'other' }), gateway({ istio: 'entry' }))).toEqual(['Deployment.apps/infra/entry', 'Deployment.apps/infra/other', WEB]);
  });

  it.each(['HTTPRoute', 'GRPCRoute', 'TLSRoute'])('is the pods of the Gateway that a %s names as its parent, deployed for it or by hand', (kind) => {
    const route = (name: string) => object('gateway.networking.k8s.io/v1', kind, 'shop', { parentRefs: [{ name, namespace: 'infra' }], rules: [{ backendRefs: [{ name: 'web' }] }] });
    expect(workloads(route('public'))).toEqual(['Deployment.apps/infra/public-istio', WEB]);
    expect(workloads(route('manual'))).toEqual(['Deployment.apps/infra/by-hand', WEB]);
  });

  it('of a Gateway of the Gateway API, and of policies for it or its class, is its pods', () => {
    const gateway: KubeObject = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: { name: 'public', namespace: 'infra' }, spec: { gatewayClassName: 'istio' } };
    expect(workloads(gateway)).toEqual(['Deployment.apps/infra/public-istio']);
    const policy = (namespace: string, kind: string, name: string) => object('security.istio.io/v1', 'AuthorizationPolicy', namespace, { targetRefs: [{ kind, name }] });
    expect(workloads(policy('infra', 'Gateway', 'manual'))).toEqual(['Deployment.apps/infra/by-hand']);
    expect(workloads(policy('istio-system', 'GatewayClass', 'istio'))).toEqual(['Deployment.apps/infra/by-hand', 'Deployment.apps/infra/public-istio']);
  });
});

describe('the blast radius of Linkerd’s policy', () => {
  const policy = (kind: string, name: string, spec: object): KubeObject => ({ apiVersion: 'policy.linkerd.io/v1alpha1', kind, metadata: { name, namespace: 'shop' }, spec });
  const ref = (kind: string, name: string) => ({ group: 'policy.linkerd.io', kind, name });
  const linkerd = contentsOf([
    { key: 'Namespace/shop', body: {} },
    ...['a', 'b', 'c'].map((app) => ({ key: `Deployment.apps/shop/${app}`, body: { labels: { app } } })),
    { key: 'Deployment.apps/bank/a', body: { labels: { app: 'a' } } },
    { key: 'Service/shop/b', body: { selector: { app: 'b' } } },
    { key: 'Server.policy.linkerd.io/shop/a-http', body: { labels: { tier: 'front' }, spec: { podSelector: { matchLabels: { app: 'a' } }, port: 80 } } },
    { key: 'HTTPRoute.policy.linkerd.io/shop/a-get', body: { spec: { parentRefs: [ref('Server', 'a-http')] } } },
    { key: 'AuthorizationPolicy.policy.linkerd.io/shop/a-get', body: { spec: { targetRef: ref('HTTPRoute', 'a-get'), requiredAuthenticationRefs: [ref('MeshTLSAuthentication', 'friends')] } } },
  ]);
  const [A, B, C] = ['a', 'b', 'c'].map((app) => `Deployment.apps/shop/${app}`);

  it.each([
    ['a Server: the pods that it selects', policy('Server', 'it', { podSelector: { matchLabels: { app: 'c' } } }), [C]],
    ['an AuthorizationPolicy for a Server', policy('AuthorizationPolicy', 'it', { targetRef: ref('Server', 'a-http'), requiredAuthenticationRefs: [] }), [A]],
    ['an AuthorizationPolicy for a route of a Server', policy('AuthorizationPolicy', 'it', { targetRef: ref('HTTPRoute', 'a-get'), requiredAuthenticationRefs: [] }), [A]],
    ['an AuthorizationPolicy for a namespace', policy('AuthorizationPolicy', 'it', { targetRef: { kind: 'Namespace', name: 'shop' }, requiredAuthenticationRefs: [] }), [A, B, C]],
    ['identities that such a policy requires', policy('MeshTLSAuthentication', 'friends', { identities: ['*'] }), [A]],
    ['identities that none requires', policy('MeshTLSAuthentication', 'strangers', { identities: ['*'] }), []],
    ['a rate limit for a Server', policy('HTTPLocalRateLimitPolicy', 'it', { targetRef: ref('Server', 'a-http') }), [A]],
    ['a ServerAuthorization by name', policy('ServerAuthorization', 'it', { server: { name: 'a-http' } }), [A]],
    ['a ServerAuthorization by labels', policy('ServerAuthorization', 'it', { server: { selector: { matchLabels: { tier: 'front' } } } }), [A]],
    ['a route of callers', policy('HTTPRoute', 'it', { parentRefs: [{ group: 'core', kind: 'Service', name: 'b' }] }), [B]],
    ['an EgressNetwork: everybody who calls from its namespace', policy('EgressNetwork', 'it', {}), [A, B, C]],
    ['a ServiceProfile', { apiVersion: 'linkerd.io/v1alpha2', kind: 'ServiceProfile', metadata: { name: 'b.shop.svc.cluster.local', namespace: 'shop' }, spec: {} }, [B]],
    ['a Server of nothing in Kubernetes', policy('Server', 'it', { externalWorkloadSelector: { matchLabels: { app: 'a' } } }), []],
  ])('of %s', (_title, changed, expected) => {
    expect(blastRadius([changed], linkerd).workloads).toEqual(expected);
  });
});

describe('the root namespace', () => {
  const rows = [{ key: 'Namespace/policies', body: {} }, { key: 'Deployment.apps/shop/web', body: { labels: { app: 'web' } } }];
  const strict = (namespace: string) => object('security.istio.io/v1', 'PeerAuthentication', namespace, { mtls: { mode: 'STRICT' } });
  const operator = { key: 'Istio.sailoperator.io/default', body: { spec: { namespace: 'mesh', values: { meshConfig: { rootNamespace: 'policies' } } } } };

  it('is what the cluster says: its operator, else where istiod runs, else Istio’s default', () => {
    expect(blastRadius([strict('policies')], contentsOf([...rows, operator], ['mesh'])).workloads).toEqual(['Deployment.apps/shop/web']);
    expect(blastRadius([strict('mesh')], contentsOf(rows, ['mesh'])).workloads).toEqual(['Deployment.apps/shop/web']);
    expect(blastRadius([strict('istio-system')], contentsOf(rows, ['mesh'])).workloads).toEqual([]);
    expect(blastRadius([strict('istio-system')], contentsOf(rows)).workloads).toEqual(['Deployment.apps/shop/web']);
  });
});

it('grows with each object, never shrinks, and names only what the cluster has, whatever is changed', () => {
  const names = fc.constantFrom('a', 'b', 'c');
  const inNamespace = fc.constantFrom('shop', 'bank', 'istio-system');
  const reference = fc.record({ kind: fc.constantFrom('Gateway', 'Service', 'Server', 'HTTPRoute', 'Namespace'), name: names, namespace: inNamespace });
  const kind = fc.constantFrom(['networking.istio.io/v1', 'Gateway'], ['networking.istio.io/v1', 'VirtualService'], ['gateway.networking.k8s.io/v1', 'HTTPRoute'], ['gateway.networking.k8s.io/v1', 'Gateway'], ['policy.linkerd.io/v1', 'Server'], ['policy.linkerd.io/v1', 'AuthorizationPolicy'], ['policy.linkerd.io/v1', 'HTTPRoute'], ['security.istio.io/v1', 'AuthorizationPolicy']);
  const anything = fc.record({ kind, namespace: inNamespace, name: names, parentRefs: fc.array(reference), targetRef: reference, gateways: fc.array(names), app: names }).map(({ kind: [apiVersion = '', name_ = ''], namespace, name, parentRefs, targetRef, gateways, app }): KubeObject => ({
    apiVersion, kind: name_, metadata: { name, namespace }, spec: { parentRefs, targetRef, gateways, selector: { app }, podSelector: { matchLabels: { app } } },
  }));
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 6 }), fc.array(anything, { maxLength: 6 }), (some, more) => {
      const there = { ...contents, references: more };
      const [less, all] = [blastRadius(some, there), blastRadius([...some, ...more], there)];
      for (const part of ['namespaces', 'workloads', 'services'] as const) expect(all[part]).toEqual(expect.arrayContaining([...less[part]]));
      expect(contents.workloads.map(({ key }) => key)).toEqual(expect.arrayContaining([...all.workloads]));
      expect(contents.services.map(({ key }) => key)).toEqual(expect.arrayContaining([...all.services]));
    }),
  );
});
