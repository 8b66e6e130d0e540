import { EXPIRES_AT } from '@meshfleet/model';
import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import { virtualServiceOf } from '../../views/virtual-service.ts';

/** Faults that were to end, and still are injected. */
export const faultPastItsEnd = defineRule({
  code: 'MF0006',
  name: 'FaultPastItsEnd',
  severity: 'WARNING',
  title: 'Fault injection is past its end',
  why: 'No mesh ends a fault by itself. The hub withdraws what it applied at its end; this one was applied by somebody else, or its agent was not there to be told.',
  fix: 'See that the cluster’s agent is online; delete a VirtualService that no policy wants, or give it a later end.',
  example: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop, annotations: {meshfleet.io/expires-at: "2026-11-01T00:00:00Z"}}
spec:
  hosts: [cart.example.com]
  http: [{fault: {abort: {percentage: {value: 10}, httpStatus: 503}}, route: [{destination: {host: cart.example.com}}]}]
`,
  on: [KIND.VirtualService],
  reads: { now: fact('now') },
  *evaluate(subject, read) {
    const end = Date.parse(subject.annotations[EXPIRES_AT] ?? '');
    const now = read.now();
    if (now === undefined || Number.isNaN(end) || end > now) return;
    for (const { path, body } of virtualServiceOf(subject).routes) {
      if (body['fault'] !== undefined) yield { path: `${path}.fault`, message: `The fault was to end at ${new Date(end).toISOString()}` };
    }
  },
});
