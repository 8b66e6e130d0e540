import { defineRule } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import { at, milliseconds, number } from '../../read-value.ts';
import { virtualServiceOf } from '../../views/virtual-service.ts';

/** Retries for which the timeout leaves no time. */
export const retriesPastTimeout = defineRule({
  code: 'MF0008',
  name: 'RetriesExceedTimeout',
  severity: 'WARNING',
  title: 'Timeout ends before the retries',
  why: 'The timeout of a route covers the request with all its retries. When it is shorter than they take, the last ones are never made.',
  fix: 'Make the timeout at least attempts times perTryTimeout, or shorten perTryTimeout.',
  example: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: [cart.example.com]
  http: [{timeout: 3s, retries: {attempts: 3, perTryTimeout: 2s}, route: [{destination: {host: cart.example.com}}]}]
`,
  on: [KIND.VirtualService],
  reads: {},
  *evaluate(subject) {
    for (const { path, body } of virtualServiceOf(subject).routes) {
      const timeout = milliseconds(body['timeout']);
      const perTry = milliseconds(at(body, 'retries', 'perTryTimeout'));
      const attempts = number(at(body, 'retries', 'attempts'));
      if (timeout === undefined || perTry === undefined || attempts === undefined || timeout >= attempts * perTry) continue;
      yield { path: `${path}.timeout`, message: `${attempts} attempts of ${seconds(perTry)} each do not fit into a timeout of ${seconds(timeout)}` };
    }
  },
});

const seconds = (time: number): string => `${time / 1_000} s`;
