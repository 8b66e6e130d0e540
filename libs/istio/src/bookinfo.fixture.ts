/**
 * The mesh configuration of a small book shop, in the shapes that users have it: a gateway, one virtual service a
 * service, splits over three versions of reviews, and policies that came later. Written for our tests.
 */
export const BOOK_SHOP = `# Entry into the shop
apiVersion: networking.istio.io/v1beta1
kind: Gateway
metadata:
  name: shop-gateway
spec:
  # use the default ingress gateway
  selector:
    istio: ingressgateway
  servers:
  - port: {number: 8080, name: http, protocol: HTTP}
    hosts: ["*"]
---
apiVersion: networking.istio.io/v1alpha3
kind: VirtualService
metadata:
  name: shop
spec:
  hosts:
  - "*"
  gateways:
  - shop-gateway
  http:
  - match:
    - uri: {exact: /productpage}
    - uri: {prefix: /static}
    route:
    - destination: &productpage
        host: productpage
        port:
          number: 9080
  - route:
    - destination: *productpage
---

---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts: [reviews]
  http:
  - match:
    - headers:
        end-user:
          exact: jason
    route:
    - destination: {host: reviews, subset: v2}
  - route:
    - destination: {host: reviews, subset: v1}
      weight: 80
    - destination: {host: reviews, subset: v3}
      weight: 20
    timeout: 5s
    retries: {attempts: 3, perTryTimeout: 2s, retryOn: "5xx,reset"}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: reviews
spec:
  host: reviews
  trafficPolicy:
    loadBalancer:
      simple: RANDOM
    outlierDetection:
      consecutiveErrors: 5
      interval: 10s
  subsets:
  - name: v1
    labels: {version: v1}
  - name: v2
    labels: {version: v2}
  - name: v3
    labels: {version: v3}
---
apiVersion: v1
kind: List
items:
- apiVersion: networking.istio.io/v1
  kind: ServiceEntry
  metadata: {name: books-api, namespace: payments}
  spec:
    hosts: [www.googleapis.com]
    ports:
    - number: 443
      name: https
      protocol: HTTPS
    resolution: DNS
    location: MESH_EXTERNAL
- apiVersion: security.istio.io/v1beta1
  kind: PeerAuthentication
  metadata:
    name: default
    namespace: istio-system
    uid: 0b2a8d35-8a4c-4a62-9c1a-0c5f6f2f7a11
    resourceVersion: "4711"
    creationTimestamp: "2026-01-01T00:00:00Z"
    annotations:
      kubectl.kubernetes.io/last-applied-configuration: |
        {}
  spec:
    mtls: {mode: STRICT}
  status: {}
...
`;
