import { defineRule } from '../../engine/rule.ts';
import { gatewaysByName } from '../../indexes/in-namespace.ts';
import { KIND } from '../../input/kinds.ts';
import { gatewayKey } from '../../gateway-key.ts';
import { virtualServiceOf } from '../../views/virtual-service.ts';

/** Gateways that VirtualServices name and that are not there. */
export const gatewayNotFound = defineRule({
  code: 'IST0101',
  name: 'ReferencedResourceNotFound',
  severity: 'ERROR',
  title: 'Gateway does not exist',
  why: 'The routes are given to no gateway: what comes in for these hosts gets 404.',
  fix: 'Correct the name. A gateway of another namespace is written namespace/name, one of the same namespace by its name alone.',
  example: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec:
  hosts: [shop.example.com]
  gateways: [shop-gateway]
  http: [{redirect: {uri: /}}]
`,
  on: [KIND.VirtualService],
  reads: { gatewaysByName },
  *evaluate(subject, read) {
    const { gateways } = virtualServiceOf(subject);
    for (const [i, gateway] of gateways.entries()) {
      if (gateway === 'mesh') continue;
      const key = gatewayKey(gateway, subject.namespace);
      if (read.gatewaysByName(key).length === 0) yield { path: `spec.gateways[${i}]`, message: `There is no Gateway ${key}` };
    }
  },
});
