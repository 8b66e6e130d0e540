/** Only mutual TLS in the shop. */
export const STRICT_MTLS = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: default
  namespace: shop
spec:
  mtls:
    mode: STRICT
`;

/** What the tour pushes, as a user would paste it. */
export const SHOP_BASELINE = `# Only mutual TLS in the shop.
${STRICT_MTLS}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: cart
  namespace: shop
spec:
  hosts: [cart]
  http:
    - timeout: 3s
      retries:
        attempts: 2
        perTryTimeout: 1s
        retryOn: connect-failure,refused-stream
      route:
        - destination:
            host: cart
`;

/** A next version that asks for an object which is somebody else's. */
export const MEETS_BYSTANDER = `${SHOP_BASELINE}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: catalog
  namespace: shop
spec:
  hosts: [catalog]
  http:
    - timeout: 1s
      route:
        - destination:
            host: catalog
`;

/** A next version with nothing wrong about it. */
export const MORE_PATIENT = SHOP_BASELINE.replace('timeout: 3s', 'timeout: 5s');

/** An object that somebody else put there; it must outlive everything that the tour does. */
export const BYSTANDER = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'catalog', namespace: 'shop' },
  spec: { hosts: ['catalog'], http: [{ route: [{ destination: { host: 'catalog' } }] }] },
};
