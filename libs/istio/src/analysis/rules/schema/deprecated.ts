import { defineRule } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import { at, number } from '../../read-value.ts';
import { virtualServiceOf } from '../../views/virtual-service.ts';

/** The deprecated fields that istioctl warns of. Others are {@link deprecatedField}. */
export const deprecated = defineRule({
  code: 'IST0002',
  name: 'Deprecated',
  severity: 'WARNING',
  title: 'Field is deprecated',
  why: 'A later version of Istio may ignore it.',
  fix: 'Write the field that took its place.',
  example: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews.example.com]
  http: [{fault: {delay: {percent: 10, fixedDelay: 5s}}, redirect: {uri: /}}]
`,
  on: [KIND.VirtualService, KIND.Sidecar],
  reads: {},
  *evaluate(subject) {
    if (subject.kind === KIND.Sidecar) {
      if (at(subject.spec, 'outboundTrafficPolicy', 'egressProxy') !== undefined) yield { path: 'spec.outboundTrafficPolicy.egressProxy', message: 'outboundTrafficPolicy.egressProxy is deprecated', fix: 'Route to the egress gateway by a VirtualService.' };
      return;
    }
    for (const { path, body } of virtualServiceOf(subject).routes) {
      if ((number(at(body, 'fault', 'delay', 'percent')) ?? 0) > 0) yield { path: `${path}.fault.delay.percent`, message: 'fault.delay.percent is deprecated', fix: 'Write fault.delay.percentage: {value: 10}.' };
    }
  },
});
