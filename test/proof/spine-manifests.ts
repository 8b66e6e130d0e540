/** Proxies that know a policy show it in this header of their answers: from then on what is counted is under it. */
export const MARK = 'x-proof';

export const STRICT = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: strict, namespace: shop }
spec:
  mtls: { mode: STRICT }
`;

export const FAULT = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: echo, namespace: shop }
spec:
  hosts: [echo]
  http:
    - fault:
        abort: { httpStatus: 418, percentage: { value: 50 } }
      route:
        - destination: { host: echo }
          headers: { response: { set: { ${MARK}: fault } } }
`;

export function weights(v1: number): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: echo, namespace: shop }
spec:
  host: echo
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: echo, namespace: shop }
spec:
  hosts: [echo]
  http:
    - route:
        - destination: { host: echo, subset: v1 }
          weight: ${v1}
          headers: { response: { set: { ${MARK}: weights-${v1} } } }
        - destination: { host: echo, subset: v2 }
          weight: ${100 - v1}
          headers: { response: { set: { ${MARK}: weights-${v1} } } }
`;
}

export const DENY = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: no-admin, namespace: shop }
spec:
  selector: { matchLabels: { app: echo } }
  action: DENY
  rules:
    - from: [{ source: { principals: [cluster.local/ns/shop/sa/client] } }]
      to: [{ operation: { paths: [/admin*] } }]
`;

/** Passes the CRD's schema; istiod's webhook knows better. */
export const REFUSED_BY_ISTIOD = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: refused, namespace: shop }
spec:
  hosts: [echo]
  http:
    - fault:
        abort: { httpStatus: 418, percentage: { value: 150 } }
      route: [{ destination: { host: echo } }]
`;
