import { defineRule } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import { matchIdentity } from './match-cover.ts';
import { virtualServiceOf } from '../../views/virtual-service.ts';

/** Routes that no request can reach, for earlier ones take them all. */
export const unreachableRule = defineRule({
  code: 'IST0130',
  name: 'VirtualServiceUnreachableRule',
  severity: 'WARNING',
  title: 'Route is never reached',
  why: 'Routes are tried in order, and the first that matches is taken.',
  fix: 'Put the route before those that take its requests, or remove it. A route without match belongs last.',
  example: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec:
  hosts: [shop.example.com]
  http:
  - redirect: {uri: /}
  - match: [{uri: {prefix: /cart}}]
    redirect: {uri: /basket}
`,
  on: [KIND.VirtualService],
  reads: {},
  *evaluate(subject) {
    const { routes } = virtualServiceOf(subject);
    for (const protocol of ['http', 'tls', 'tcp']) {
      const seen = new Set<string>();
      let catchAll: string | undefined;
      for (const { path, matches } of routes.filter((route) => route.protocol === protocol)) {
        if (catchAll !== undefined) {
          yield { path, message: `${path} comes after ${catchAll}, which has no match and takes every request` };
          continue;
        }
        if (matches.length > 0 && matches.every(({ body }) => seen.has(matchIdentity(body)))) yield { path, message: `Every match of ${path} stands in an earlier route` };
        if (matches.length === 0) catchAll = path;
        for (const { body } of matches) seen.add(matchIdentity(body));
      }
    }
  },
});
