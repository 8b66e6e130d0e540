import { defineRule } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import { virtualServiceOf } from '../../views/virtual-service.ts';

/** Weights that read like percentages and are none. */
export const weights = defineRule({
  code: 'MF0007',
  name: 'WeightsDoNotSumTo100',
  severity: 'WARNING',
  title: 'Weights do not add up to 100',
  why: 'Istio divides each weight by their sum, so a weight of 10 beside one of 80 gets 11 % of the requests, not 10 %.',
  fix: 'Choose weights that add up to 100.',
  example: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: [cart.example.com]
  http: [{route: [{destination: {host: a.example.com}, weight: 80}, {destination: {host: b.example.com}, weight: 10}]}]
`,
  on: [KIND.VirtualService],
  reads: {},
  *evaluate(subject) {
    for (const { path, destinations } of virtualServiceOf(subject).routes) {
      const targets = destinations.filter(({ role }) => role === 'route');
      const sum = targets.reduce((total, { weight }) => total + (weight ?? 0), 0);
      // Without any weight there is one destination, or the schema rule has something to say.
      if (sum !== 0 && sum !== 100) yield { path: `${path}.route`, message: `The weights ${targets.map(({ weight }) => weight ?? 0).join(', ')} add up to ${sum}` };
    }
  },
});
