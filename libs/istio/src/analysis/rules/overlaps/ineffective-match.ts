import { defineRule } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import { virtualServiceOf } from '../../views/virtual-service.ts';
import type { MatchView } from '../../views/virtual-service.ts';
import { coversByPrefix, sameMatches } from './match-cover.ts';

/** Matches that can take no request, for an earlier one takes the same. */
export const ineffectiveMatch = defineRule({
  code: 'IST0131',
  name: 'VirtualServiceIneffectiveMatch',
  severity: 'INFO',
  title: 'Match takes nothing',
  why: 'The first route that matches is taken, so a match that an earlier one covers has no effect.',
  fix: 'Remove the match, or move its route before the one that covers it.',
  example: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec:
  hosts: [shop.example.com]
  http:
  - match: [{uri: {prefix: /cart}}]
    redirect: {uri: /}
  - match: [{uri: {prefix: /cart/items}}, {uri: {prefix: /orders}}]
    redirect: {uri: /basket}
`,
  on: [KIND.VirtualService],
  reads: {},
  *evaluate(subject) {
    const { routes } = virtualServiceOf(subject);
    for (const protocol of ['http', 'tls', 'tcp']) {
      const seen = new Map<string, MatchView>();
      const prefixes: MatchView[] = [];
      for (const { matches } of routes.filter((route) => route.protocol === protocol)) {
        for (const match of matches) {
          const same = seen.get(sameMatches(match.body));
          const covering = same ?? prefixes.find((earlier) => coversByPrefix(earlier.body, match.body));
          if (covering !== undefined) yield { path: match.path, message: same === undefined ? `${match.path} is covered by the shorter prefix of ${covering.path}` : `${match.path} is the same as ${covering.path}` };
        }
        for (const match of matches) {
          if (!seen.has(sameMatches(match.body))) seen.set(sameMatches(match.body), match);
          if (protocol === 'http') prefixes.push(match);
        }
      }
    }
  },
});
