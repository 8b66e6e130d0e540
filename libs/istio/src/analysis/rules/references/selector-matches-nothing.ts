import { defineRule } from '../../engine/rule.ts';
import { selectWorkloads, workloadsByLabel } from '../../indexes/workloads.ts';
import { KIND } from '../../input/kinds.ts';
import { at, stringMap } from '../../read-value.ts';

/** Gateways, Sidecars and Telemetries whose selector no workload answers to. */
export const selectorMatchesNothing = defineRule({
  code: 'IST0101',
  name: 'ReferencedResourceNotFound',
  severity: 'ERROR',
  title: 'Selector matches no workload',
  why: 'The object is given to no proxy, so it does nothing.',
  fix: 'Compare the selector with the labels of the pods (not of their Deployment).',
  example: `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: cart, namespace: shop}
spec:
  workloadSelector: {labels: {app: cart}}
  egress: [{hosts: ["./*"]}]
`,
  on: [KIND.Gateway, KIND.Sidecar, KIND.Telemetry],
  reads: { workloadsByLabel },
  *evaluate(subject, read) {
    const path = SELECTORS[subject.kind] ?? [];
    const selector = stringMap(at(subject.spec, ...path));
    if (Object.keys(selector).length === 0) return;
    // A gateway may stand in any namespace; istiod looks for its pods in all of them.
    const anywhere = subject.kind === KIND.Gateway;
    if (selectWorkloads(selector, read.workloadsByLabel).some(({ namespace }) => anywhere || namespace === subject.namespace)) return;
    const labels = Object.entries(selector).map(([label, value]) => `${label}=${value}`).join(',');
    yield { path: ['spec', ...path].join('.'), message: `No workload${anywhere ? '' : ` of ${subject.namespace}`} carries the labels ${labels}` };
  },
});

const SELECTORS: Readonly<Record<string, readonly string[]>> = {
  [KIND.Gateway]: ['selector'],
  [KIND.Sidecar]: ['workloadSelector', 'labels'],
  [KIND.Telemetry]: ['selector', 'matchLabels'],
};
