import { defineRule } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';

/** Namespaces with labels that ask for two kinds of injection. */
export const injectionLabels = defineRule({
  code: 'IST0123',
  name: 'NamespaceMultipleInjectionLabels',
  severity: 'WARNING',
  title: 'Namespace asks for two injections',
  why: 'istio-injection wins over a revision, and pods are injected by the default revision or not at all; a sidecar wins over ambient.',
  fix: 'Keep one of the labels.',
  example: `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled, istio.io/rev: canary}}
`,
  on: [KIND.Namespace],
  reads: {},
  *evaluate({ name, labels }) {
    const injection = labels['istio-injection'];
    const others = injection === undefined || injection === 'enabled' ? ['istio.io/rev', 'istio.io/dataplane-mode'].filter((label) => labels[label] !== undefined) : [];
    const set = [...(injection === undefined ? [] : ['istio-injection']), ...others];
    if (set.length > 1) yield { path: 'metadata.labels', message: `${name} carries ${set.map((label) => `${label}=${labels[label] ?? ''}`).join(' and ')}` };
  },
});
