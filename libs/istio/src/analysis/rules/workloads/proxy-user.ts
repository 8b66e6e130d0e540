import { defineRule } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import { workloadOf } from '../../views/workload.ts';

/** Workloads that run as the user of the sidecar. */
export const proxyUser = defineRule({
  code: 'IST0144',
  name: 'InvalidApplicationUID',
  severity: 'WARNING',
  title: 'Workload runs as the user of the proxy',
  why: 'What user 1337 sends is taken for the proxy’s own traffic and passes the sidecar by: no mutual TLS, no policy, no metrics.',
  fix: 'Run the application as another user.',
  example: `
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {template: {metadata: {labels: {app: cart}}, spec: {securityContext: {runAsUser: 1337}, containers: [{name: cart, image: cart}]}}}
`,
  on: [KIND.Deployment, KIND.Pod],
  reads: {},
  *evaluate(subject) {
    if (workloadOf(subject).runsAsProxy) yield { message: `${subject.name} runs as user 1337` };
  },
});
