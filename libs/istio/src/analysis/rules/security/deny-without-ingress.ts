import { allowingPolicies, isDefaultDeny } from '../../default-deny.ts';
import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import { gatewayDestinations, gatewaysWithSelector } from '../../indexes/gateway-destinations.ts';
import { hosts } from '../../indexes/hosts.ts';
import { authorizationPoliciesInNamespace } from '../../indexes/in-namespace.ts';
import { selectWorkloads, workloadsByLabel } from '../../indexes/workloads.ts';
import { KIND } from '../../input/kinds.ts';
import { authorizationPolicyOf } from '../../views/authorization-policy.ts';
import { gatewayOf } from '../../views/gateway.ts';
import { serviceOf } from '../../views/service.ts';
import type { WorkloadView } from '../../views/workload.ts';

/** A default deny under which nothing lets in what comes through the ingress gateway. */
export const denyWithoutIngress = defineRule({
  code: 'MF0009',
  name: 'DefaultDenyWithoutIngress',
  severity: 'WARNING',
  title: 'Default deny shuts the ingress gateway out',
  why: 'An ALLOW policy without rules denies whatever no other ALLOW policy lets in. Nothing lets in what a gateway sends here, or what comes to the gateway itself, so users get 403.',
  fix: 'Add an ALLOW policy for the service account of the gateway to what it routes to, and one for the gateway’s own pods.',
  example: `
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: cart, image: cart}]}}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec: {hosts: [shop.example.com], gateways: [entry], http: [{route: [{destination: {host: cart}}]}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny-all, namespace: shop}
spec: {}
`,
  on: [KIND.AuthorizationPolicy],
  reads: { gatewayDestinations, gatewaysWithSelector, hosts, workloadsByLabel, authorizationPoliciesInNamespace, rootNamespace: fact('rootNamespace') },
  *evaluate(subject, read) {
    if (!isDefaultDeny(authorizationPolicyOf(subject))) return;
    const root = read.rootNamespace();
    const everywhere = subject.namespace === root;
    const concerned = ({ namespace }: WorkloadView): boolean => everywhere || namespace === subject.namespace;
    const isLetIn = (workload: WorkloadView): boolean => allowingPolicies(workload, root, read.authorizationPoliciesInNamespace).length > 0;

    const shut = new Map<string, string>();
    for (const { host, resource } of read.gatewayDestinations(everywhere ? '*' : subject.namespace)) {
      for (const service of read.hosts(host)) {
        if (service.resource.kind !== KIND.Service || Object.keys(serviceOf(service.resource).selector).length === 0) continue;
        const servers = selectWorkloads(serviceOf(service.resource).selector, read.workloadsByLabel).filter((one) => one.namespace === service.resource.namespace && concerned(one));
        if (servers.length > 0 && !servers.some(isLetIn)) shut.set(service.resource.id, `${service.resource.namespace}/${service.resource.name}, to which ${resource.namespace}/${resource.name} routes`);
      }
    }
    for (const gateway of read.gatewaysWithSelector('*')) {
      if (Object.keys(gatewayOf(gateway).selector).length === 0) continue;
      const pods = selectWorkloads(gatewayOf(gateway).selector, read.workloadsByLabel).filter(concerned);
      if (pods.length > 0 && !pods.some(isLetIn)) shut.set(gateway.id, `the gateway ${gateway.namespace}/${gateway.name} itself`);
    }
    if (shut.size === 0) return;
    const names = [...shut.values()].sort();
    yield { path: 'spec', message: `Nothing is let in to ${names.slice(0, 3).join('; ')}${names.length > 3 ? `; and ${names.length - 3} more` : ''}`, related: [...shut.keys()].sort().slice(0, 20) };
  },
});
