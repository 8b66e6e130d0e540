import { formatObjectKey, objectKeyOf } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { egressGateway } from './egress-gateway.ts';
import { gatewayApiIngress } from './gateway-api-ingress.ts';
import { gatewayApiWaypoint } from './gateway-api-waypoint.ts';
import { ingressGateway } from './ingress-gateway.ts';

const keys = (objects: readonly KubeObject[]): string[] => objects.map((object) => formatObjectKey(objectKeyOf(object)).replace(/\.[a-z0-9.]+\.io/, ''));
const web = { service: 'web.shop.svc.cluster.local' };

describe('an ingress gateway', () => {
  const base = { name: 'shop', namespace: 'shop', hosts: ['shop.example.com'], tls: { credentialName: 'cert' }, routes: [web] };

  it('speaks TLS with the certificate, and sends plain HTTP to https', () => {
    expect(written(ingressGateway, base)).toEqual([
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'Gateway',
        metadata: { name: 'shop', namespace: 'shop' },
        spec: {
          selector: { istio: 'ingressgateway' },
          servers: [
            { port: { number: 443, name: 'https', protocol: 'HTTPS' }, hosts: ['shop.example.com'], tls: { mode: 'SIMPLE', credentialName: 'cert', minProtocolVersion: 'TLSV1_2' } },
            { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['shop.example.com'], tls: { httpsRedirect: true } },
          ],
        },
      },
      { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'shop', namespace: 'shop' }, spec: { hosts: ['shop.example.com'], gateways: ['shop/shop'], http: [{ route: [{ destination: { host: 'web.shop.svc.cluster.local', port: { number: 80 } } }] }] } },
    ]);
    expect((written(ingressGateway, { ...base, redirectHttp: false })[0]?.['spec'] as { servers: unknown[] }).servers).toHaveLength(1);
  });

  it('routes "/api" and what is under it, and not "/apis"', () => {
    const [, service] = written(ingressGateway, { ...base, routes: [{ pathPrefix: '/api/', ...web }, web] });
    expect((service?.['spec'] as { http: { match?: unknown }[] }).http.map(({ match }) => match)).toEqual([[{ uri: { exact: '/api' } }, { uri: { prefix: '/api/' } }], undefined]);
  });

  it('refuses hosts and names that istiod takes for no Gateway’s', () => {
    expect(refused(ingressGateway, { ...base, hosts: ['shop'] })).toEqual(['hosts.0: Must be a full name, as in "api.example.com"']);
    expect(refused(ingressGateway, { ...base, hosts: ['*.example.com', 'shop.example.com'] })).toEqual(['hosts: Name each host once, and none beside a wildcard that covers it: istiod refuses both']);
    expect(refused(ingressGateway, { ...base, name: 'shop.eu' })).toHaveLength(1);
  });

  it('refuses routes that are never reached, bare names, and clients’ names that nobody verifies', () => {
    const unreachable = 'routes: A route under a path that an earlier one covers is never reached: put the longer path first';
    expect(refused(ingressGateway, { ...base, routes: [web, { pathPrefix: '/api', ...web }] })).toEqual([unreachable]);
    expect(refused(ingressGateway, { ...base, routes: [{ pathPrefix: '/api', ...web }, { pathPrefix: '/api/orders', ...web }] })).toEqual([unreachable]);
    expect(refused(ingressGateway, { ...base, routes: [{ pathPrefix: '/api', ...web }, { pathPrefix: '/apis', ...web }] })).toEqual([]);
    expect(refused(ingressGateway, { ...base, routes: [{ service: 'web' }] })).toEqual(['routes: Write the full names of Services, as in "web.shop.svc.cluster.local"']);
    expect(refused(ingressGateway, { ...base, tls: { credentialName: 'cert', subjectAltNames: ['a'] } })).toEqual(['tls.subjectAltNames: Names of clients are verified with MUTUAL alone']);
  });
});

describe('an ingress gateway of the Gateway API', () => {
  const base = { name: 'public', namespace: 'edge', hosts: [{ host: 'a.example.com', certificate: 'a' }, { host: 'b.example.com', certificate: 'b' }], routes: [{ service: 'web' }] };

  it('has a listener per host, a route for them, and a redirect', () => {
    const objects = written(gatewayApiIngress, { ...base, routeNamespace: 'shop' });
    expect(keys(objects)).toEqual(['Gateway/edge/public', 'HTTPRoute/shop/public', 'HTTPRoute/shop/public-redirect']);
    const allowedRoutes = { namespaces: { from: 'Selector', selector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } } };
    expect(objects[0]?.['spec']).toEqual({
      gatewayClassName: 'istio',
      listeners: [
        { name: 'https-1', port: 443, protocol: 'HTTPS', hostname: 'a.example.com', tls: { mode: 'Terminate', certificateRefs: [{ name: 'a' }] }, allowedRoutes },
        { name: 'https-2', port: 443, protocol: 'HTTPS', hostname: 'b.example.com', tls: { mode: 'Terminate', certificateRefs: [{ name: 'b' }] }, allowedRoutes },
        { name: 'http', port: 80, protocol: 'HTTP', allowedRoutes },
      ],
    });
    expect(objects[1]?.['spec']).toMatchObject({ parentRefs: [{ name: 'public', namespace: 'edge', sectionName: 'https-1' }, { name: 'public', namespace: 'edge', sectionName: 'https-2' }], hostnames: ['a.example.com', 'b.example.com'] });
    expect(objects[2]?.['spec']).toMatchObject({ parentRefs: [{ sectionName: 'http' }], rules: [{ filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }] }] });
  });

  it('asks for client certificates by Istio’s option, and lets in routes of its own namespace', () => {
    const [gateway, route] = written(gatewayApiIngress, { ...base, clientCertificates: 'REQUIRED', redirectHttp: false });
    expect((gateway?.['spec'] as { listeners: unknown[] }).listeners[0]).toMatchObject({ tls: { options: { 'gateway.istio.io/tls-terminate-mode': 'MUTUAL' } }, allowedRoutes: { namespaces: { from: 'Same' } } });
    expect(route?.metadata.namespace).toBe('edge');
  });

  it('refuses full names of Services', () => {
    expect(refused(gatewayApiIngress, { ...base, routes: [web] })).toEqual(['routes: Write the bare names of Services: an HTTPRoute looks for them in its own namespace']);
  });
});

describe('an egress gateway', () => {
  it('takes plain HTTP of workloads by mutual TLS, and begins verified TLS to the host outside', () => {
    const objects = written(egressGateway, { destinations: [{ host: 'api.example.com' }] });
    expect(keys(objects)).toEqual(['DestinationRule/istio-egress/egress-gateway', 'ServiceEntry/istio-egress/egress', 'Gateway/istio-egress/egress', 'VirtualService/istio-egress/egress', 'DestinationRule/istio-egress/egress']);
    const [towards, entry, gateway, route, origination] = objects.map(({ spec }) => spec);
    expect(towards).toEqual({ host: 'istio-egressgateway.istio-egress.svc.cluster.local', subsets: [{ name: 'egress', trafficPolicy: { portLevelSettings: [{ port: { number: 443 }, tls: { mode: 'ISTIO_MUTUAL', sni: 'api.example.com' } }] } }] });
    expect(entry).toMatchObject({ exportTo: ['*'], ports: [{ number: 80, protocol: 'HTTP' }, { number: 443, protocol: 'HTTPS' }] });
    expect(gateway).toMatchObject({ servers: [{ port: { number: 443, protocol: 'HTTPS' }, hosts: ['api.example.com'], tls: { mode: 'ISTIO_MUTUAL' } }] });
    expect(route).toMatchObject({
      http: [
        { match: [{ gateways: ['mesh'], port: 80 }], route: [{ destination: { subset: 'egress', port: { number: 443 } } }] },
        { match: [{ gateways: ['istio-egress/egress'], port: 443 }], route: [{ destination: { host: 'api.example.com', port: { number: 443 } } }] },
      ],
    });
    expect(origination).toEqual({
      host: 'api.example.com',
      exportTo: ['.'],
      workloadSelector: { matchLabels: { istio: 'egressgateway' } },
      trafficPolicy: { portLevelSettings: [{ port: { number: 443 }, tls: { mode: 'SIMPLE', caCertificates: '/etc/ssl/certs/ca-certificates.crt', sni: 'api.example.com', subjectAltNames: ['api.example.com'] } }] },
    });
  });

  it('shows a client certificate if there is one, and passes TLS on that workloads begin', () => {
    const objects = written(egressGateway, { name: 'out', destinations: [{ host: 'a.example.com', clientCredential: 'client' }, { host: 'b.example.com', tls: 'PASS_THROUGH' }] });
    expect(objects.find(({ metadata, kind }) => kind === 'DestinationRule' && metadata.name === 'out-1')?.['spec']).toMatchObject({ trafficPolicy: { portLevelSettings: [{ tls: { mode: 'MUTUAL', credentialName: 'client' } }] } });
    expect(objects.find(({ metadata, kind }) => kind === 'Gateway' && metadata.name === 'out-2')?.['spec']).toMatchObject({ servers: [{ port: { protocol: 'TLS' }, tls: { mode: 'PASSTHROUGH' } }] });
  });

  it('refuses what contradicts itself', () => {
    const said = (destination: object): string[] => refused(egressGateway, { destinations: [{ host: 'a.example.com', ...destination }] });
    expect(said({ tls: 'PASS_THROUGH', clientCredential: 'c' })).toEqual(['destinations.0.clientCredential: The gateway shows a certificate only where it begins TLS itself: choose ORIGINATE']);
    expect(said({ callPort: 443 })).toEqual(['destinations.0.callPort: Workloads call another port in plain HTTP than the one that speaks TLS']);
  });
});

describe('a waypoint', () => {
  it('is a Gateway, and labels on the namespace that is somebody else’s', () => {
    const [gateway, namespace] = written(gatewayApiWaypoint, { namespace: 'shop', traffic: 'ALL', ingressUsesWaypoint: true });
    expect(gateway).toMatchObject({ metadata: { name: 'waypoint', labels: { 'istio.io/waypoint-for': 'all' } }, spec: { gatewayClassName: 'istio-waypoint', listeners: [{ port: 15008, protocol: 'HBONE' }] } });
    expect(namespace).toEqual({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'istio.io/use-waypoint': 'waypoint', 'istio.io/ingress-use-waypoint': 'true' } } });
    expect(written(gatewayApiWaypoint, { namespace: 'shop', useInNamespace: false })).toHaveLength(1);
    expect(refused(gatewayApiWaypoint, { namespace: 'shop', useInNamespace: false, ingressUsesWaypoint: true })).toHaveLength(1);
  });
});
