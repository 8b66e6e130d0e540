import { describe, expect, it } from 'vitest';
import { found } from '../../from-yaml.fixture.ts';

const service = (ports: string, more = '', namespace = 'shop', labels = ''): string => `apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: ${namespace}, labels: {${labels}}}\nspec: {ports: [${ports}]${more}}\n---\n`;

describe('ports of services', () => {
  it.each(['name: http', 'name: http2-web', 'name: grpc-web', 'name: HTTPS', 'name: tcp-db', 'name: web, appProtocol: http', 'name: web, appProtocol: kubernetes.io/h2c', 'name: web, protocol: UDP'])('{%s} tells its protocol', (port) => {
    expect(found(service(`{${port}, port: 80}`), ['IST0118'])).toEqual([]);
  });

  it.each(['name: web', 'name: httpx', 'name: hbone', 'name: http, appProtocol: example.com/x', 'protocol: TCP'])('{%s} does not', (port) => {
    expect(found(service(`{${port}, port: 80}`), ['IST0118'])).toEqual(['IST0118 Service/shop/cart spec.ports[0]']);
  });

  it('need not where Istio never guesses, and are not ours to name everywhere', () => {
    expect(found(service('{name: db, port: 3306}'), ['IST0118'])).toEqual([]);
    expect(found(service('{name: web, port: 80}', '', 'kube-system'), ['IST0118'])).toEqual([]);
    expect(found(service('{name: web, port: 80}', '', 'shop', 'gateway.istio.io/managed: x'), ['IST0118'])).toEqual([]);
  });

  it('must be named by a destination when there are several', () => {
    const route = (destination: string): string => `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: shop}\nspec: {hosts: [a.com], http: [{route: [{destination: ${destination}}]}]}\n`;
    const two = service('{name: http, port: 80}, {name: http-b, port: 81}');
    expect(found(two + route('{host: cart}'), ['IST0112'])).toEqual(['IST0112 VirtualService.networking.istio.io/shop/a spec.http[0].route[0].destination']);
    expect(found(two + route('{host: cart, port: {number: 81}}'), ['IST0112'])).toEqual([]);
    expect(found(service('{name: http, port: 80}') + route('{host: cart}'), ['IST0112'])).toEqual([]);
  });
});

describe('ServiceEntries for TCP', () => {
  const entry = (more: string, protocol = 'TCP'): string => `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: db, namespace: shop}\nspec: {hosts: [db.com], resolution: DNS, ports: [{number: 5432, name: db, protocol: ${protocol}}]${more}}\n`;
  const capture = { defaultConfig: { proxyMetadata: { ISTIO_META_DNS_CAPTURE: 'true', ISTIO_META_DNS_AUTO_ALLOCATE: 'true' } } };

  it('need an address, unless the mesh allocates one', () => {
    expect(found(entry(''), ['IST0134'], { meshConfig: {} })).toHaveLength(1);
    expect(found(entry('', 'HTTP'), ['IST0134'], { meshConfig: {} })).toEqual([]);
    expect(found(entry(', addresses: [10.0.0.1]'), ['IST0134'], { meshConfig: {} })).toEqual([]);
    expect(found(entry(''), ['IST0134'], { meshConfig: capture })).toEqual([]);
  });

  it('are not judged where nobody told us of the mesh', () => {
    expect(found(entry(''), ['IST0134'])).toEqual([]);
  });
});
