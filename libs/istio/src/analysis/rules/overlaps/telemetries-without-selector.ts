import { defineRule } from '../../engine/rule.ts';
import { telemetriesInNamespace } from '../../indexes/in-namespace.ts';
import { KIND } from '../../input/kinds.ts';
import type { Resource } from '../../input/resource.ts';
import { at } from '../../read-value.ts';

/** Several Telemetries that are for all of a namespace. */
export const telemetriesWithoutSelector = defineRule({
  code: 'IST0160',
  name: 'MultipleTelemetriesWithoutWorkloadSelectors',
  severity: 'ERROR',
  title: 'Two Telemetries for one whole namespace',
  why: 'A namespace has one default Telemetry, the oldest one; what the others say does not happen.',
  fix: 'Keep one Telemetry without selector, and give the others a selector or merge them into it.',
  example: `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: default, namespace: shop}
spec: {tracing: [{randomSamplingPercentage: 10}]}
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: logs, namespace: shop}
spec: {tracing: [{disableSpanReporting: true}]}
`,
  on: [KIND.Telemetry],
  reads: { telemetriesInNamespace },
  *evaluate(subject, read) {
    if (!isForNamespace(subject)) return;
    const others = read.telemetriesInNamespace(subject.namespace).filter((other) => other.id !== subject.id && isForNamespace(other));
    if (others.length === 0) return;
    yield { message: `${subject.namespace} also has the ${others.length === 1 ? 'Telemetry' : 'Telemetries'} ${others.map(({ name }) => name).sort().join(', ')} without a selector`, related: others.map(({ id }) => id).sort() };
  },
});

/** Neither for the workloads of a selector nor for what targetRefs name. */
const isForNamespace = ({ spec }: Resource): boolean => ['selector', 'targetRef', 'targetRefs'].every((field) => at(spec, field) === undefined);
