import { defineRule } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import { virtualServiceOf } from '../../views/virtual-service.ts';
import type { MatchView } from '../../views/virtual-service.ts';
import { coversByPrefix, matchIdentity } from './match-cover.ts';

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
        // Whatever follows a route that takes everything is reported as a whole.
        if (matches.length === 0) break;
        for (const match of matches) {
          const identity = matchIdentity(match.body);
          const same = seen.get(identity);
          if (same !== undefined) {
            yield { path: match.path, message: `${match.path} is the same as ${same.path}` };
            continue;
          }
          for (const earlier of prefixes) if (coversByPrefix(earlier.body, match.body)) yield { path: match.path, message: `${match.path} is covered by the shorter prefix of ${earlier.path}` };
          seen.set(identity, match);
          if (protocol === 'http') prefixes.push(match);
        }
      }
    }
  },
});
