import { defineRule } from '../../engine/rule.ts';
import { telemetriesInNamespace } from '../../indexes/in-namespace.ts';
import { selectWorkloads, workloadsByLabel } from '../../indexes/workloads.ts';
import { KIND } from '../../input/kinds.ts';
import { at, stringMap } from '../../read-value.ts';

/** Two Telemetries that select one workload. */
export const telemetrySelectorsConflict = defineRule({
  code: 'IST0159',
  name: 'ConflictingTelemetryWorkloadSelectors',
  severity: 'ERROR',
  title: 'Two Telemetries select one workload',
  why: 'A workload takes one Telemetry with a selector, the oldest one; tracing, metrics and access logs of the other do not happen.',
  fix: 'Make the selectors exclusive, or merge the Telemetries.',
  example: `
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {template: {metadata: {labels: {app: cart, tier: web}}, spec: {containers: [{name: cart, image: cart}]}}}
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: cart, namespace: shop}
spec: {selector: {matchLabels: {app: cart}}, tracing: [{randomSamplingPercentage: 10}]}
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: web, namespace: shop}
spec: {selector: {matchLabels: {tier: web}}, tracing: [{disableSpanReporting: true}]}
`,
  on: [KIND.Telemetry],
  reads: { telemetriesInNamespace, workloadsByLabel },
  *evaluate(subject, read) {
    const selector = stringMap(at(subject.spec, 'selector', 'matchLabels'));
    if (Object.keys(selector).length === 0) return;
    const others = read.telemetriesInNamespace(subject.namespace).filter(({ id }) => id !== subject.id);
    if (others.length === 0) return;
    const selected = selectWorkloads(selector, read.workloadsByLabel).filter(({ namespace }) => namespace === subject.namespace);
    const rivals = others.filter((other) => {
      const wanted = Object.entries(stringMap(at(other.spec, 'selector', 'matchLabels')));
      return wanted.length > 0 && selected.some(({ labels }) => wanted.every(([label, value]) => labels[label] === value));
    });
    if (rivals.length === 0) return;
    yield { path: 'spec.selector', message: `${rivals.length === 1 ? 'The Telemetry' : 'The Telemetries'} ${rivals.map(({ name }) => name).sort().join(', ')} of ${subject.namespace} select${rivals.length === 1 ? 's' : ''} a workload that this one selects too`, related: rivals.map(({ id }) => id).sort() };
  },
});
