import { formatObjectKey, objectKeyOf } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { egressLockdown } from './egress-lockdown.ts';

const shop = { scope: 'NAMESPACES', namespaces: ['shop'] };
const keys = (objects: readonly KubeObject[]): string[] => objects.map((object) => formatObjectKey(objectKeyOf(object)).replace('.networking.istio.io', ''));

describe('egress lock-down', () => {
  it('lets proxies call what the mesh knows, and nothing else', () => {
    expect(written(egressLockdown, { target: { scope: 'MESH' } })).toEqual([
      { apiVersion: 'networking.istio.io/v1', kind: 'Sidecar', metadata: { name: 'default', namespace: 'istio-system' }, spec: { egress: [{ hosts: ['*/*'] }], outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } } },
    ]);
  });

  it('makes exceptions known to the namespaces that may call them, and to no others', () => {
    const objects = written(egressLockdown, { target: { scope: 'NAMESPACES', namespaces: ['shop', 'pay'] }, exceptions: [{ name: 'cards', hosts: ['api.cards.example.com'] }] });
    expect(keys(objects)).toEqual(['Sidecar/shop/default', 'Sidecar/pay/default', 'ServiceEntry/shop/cards', 'ServiceEntry/pay/cards']);
    expect(objects[2]?.['spec']).toEqual({ hosts: ['api.cards.example.com'], exportTo: ['.'], location: 'MESH_EXTERNAL', resolution: 'DNS', ports: [{ number: 443, name: 'https-443', protocol: 'HTTPS' }] });
    expect(written(egressLockdown, { target: { scope: 'MESH' }, exceptions: [{ name: 'cards', hosts: ['api.cards.example.com'] }] })[1]?.['spec']).toMatchObject({ exportTo: ['*'] });
  });

  it('leaves wildcards and addresses where the caller sends them, for no proxy can resolve them', () => {
    const exceptions = [{ name: 'cdn', hosts: ['*.cdn.example.net'] }, { name: 'mail', hosts: ['smtp.example.net'], addresses: ['203.0.113.25'], ports: [{ number: 587, protocol: 'TCP' }] }];
    expect(written(egressLockdown, { target: shop, exceptions }).slice(1).map(({ spec }) => (spec as { resolution: string }).resolution)).toEqual(['NONE', 'NONE']);
  });

  it('sends exceptions through the gateway that is named', () => {
    const objects = written(egressLockdown, { target: shop, exceptions: [{ name: 'cards', hosts: ['a.example.com', 'b.example.com'] }], egressGateway: {} });
    expect(keys(objects)).toEqual(['Sidecar/shop/default', 'ServiceEntry/shop/cards', 'Gateway/istio-egress/cards', 'VirtualService/istio-egress/cards']);
    expect(objects[1]?.['spec']).toMatchObject({ exportTo: ['.', 'istio-egress'] });
    expect(objects[3]?.['spec']).toEqual({
      hosts: ['a.example.com', 'b.example.com'],
      gateways: ['mesh', 'istio-egress/cards'],
      tls: [
        { match: [{ gateways: ['mesh'], port: 443, sniHosts: ['a.example.com', 'b.example.com'] }], route: [{ destination: { host: 'istio-egressgateway.istio-egress.svc.cluster.local', port: { number: 443 } } }] },
        { match: [{ gateways: ['istio-egress/cards'], port: 443, sniHosts: ['a.example.com'] }], route: [{ destination: { host: 'a.example.com', port: { number: 443 } } }] },
        { match: [{ gateways: ['istio-egress/cards'], port: 443, sniHosts: ['b.example.com'] }], route: [{ destination: { host: 'b.example.com', port: { number: 443 } } }] },
      ],
    });
  });

  it('refuses exceptions that would open more than they say, or would not be seen', () => {
    const said = (exception: object, more: object = {}): string[] => refused(egressLockdown, { target: shop, exceptions: [{ name: 'a', hosts: ['a.example.com'], ...exception }], ...more });
    expect(said({ ports: [{ number: 3306, protocol: 'MYSQL' }] })).toEqual(['exceptions.0.addresses: TCP and databases carry no host name: without addresses such a port would be open to every address']);
    expect(said({ hosts: ['a.example.com', 'b.example.com'], addresses: ['203.0.113.1'], ports: [{ number: 25, protocol: 'TCP' }] })).toEqual(['exceptions.0.hosts: Addresses with TCP belong to one host: make an entry for each']);
    expect(said({ hosts: ['example'] })).toEqual(['exceptions.0.hosts.0: Must be a full name, as in "api.example.com"']);
    expect(said({ hosts: ['10.0.0.1'] })).toEqual(['exceptions.0.hosts.0: The last part of a host must not be a number']);
    expect(said({}, { visibleHosts: ['pay/*'] })).toEqual(['visibleHosts: The exceptions would not be seen: add "./*" (or, for the whole mesh, the root namespace with "/*")']);
    expect(said({}, { visibleHosts: ['./*'], egressGateway: {} })).toEqual(['visibleHosts: The egress gateway would not be seen: add its namespace with "/*"']);
    expect(said({ name: 'a.b' }, { egressGateway: {} })).toEqual(['exceptions: A Gateway is named after each exception, and names of Gateways have no dots: leave them out']);
    expect(said({ hosts: ['*.example.com'] }, { egressGateway: {} })[0]).toMatch(/^exceptions: Through the gateway goes one TLS or HTTPS port/);
    expect(said({}, { visibleHosts: ['*/*', './*'] })).toEqual(['visibleHosts: With "*/*" there is nothing left to add']);
    expect(said({}, { visibleHosts: ['./*', './a.example.com'] })).toEqual(['visibleHosts: Name each host once, and none that another covers']);
  });
});
