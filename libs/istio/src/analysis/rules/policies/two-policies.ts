import { defineRule } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';

/** Objects that two policies of ours want. */
export const twoPolicies = defineRule({
  code: 'MF0010',
  name: 'ObjectWantedByTwoPolicies',
  severity: 'ERROR',
  title: 'Two policies want one object',
  why: 'A cluster holds one object of this kind, namespace and name, so one of the policies does not get what it says.',
  fix: 'Take the object out of one of the policies, give it another name there, or keep their placements apart.',
  example: `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop, annotations: {meshfleet.io/policy: strict-everywhere}}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop, annotations: {meshfleet.io/policy: migrate-shop}}
spec: {mtls: {mode: PERMISSIVE}}
`,
  on: Object.values(KIND).filter((kind) => kind !== KIND.Pod),
  reads: {},
  *evaluate({ policies }) {
    if (policies.length > 1) yield { message: `The policies ${[...policies].sort().join(' and ')} both want this object` };
  },
});
