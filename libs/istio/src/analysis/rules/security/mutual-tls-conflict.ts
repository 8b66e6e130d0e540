import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import { hosts } from '../../indexes/hosts.ts';
import { namespaces, peerAuthenticationsInNamespace } from '../../indexes/in-namespace.ts';
import { selectWorkloads, workloadsByLabel } from '../../indexes/workloads.ts';
import { KIND } from '../../input/kinds.ts';
import { effectiveMutualTls } from '../../effective-mutual-tls.ts';
import { at, text } from '../../read-value.ts';
import { resolveHost } from '../../resolve-host.ts';
import { carries } from '../../selected-workloads.ts';
import { destinationRuleOf } from '../../views/destination-rule.ts';
import { serviceOf } from '../../views/service.ts';
import { hasSidecar, isAmbient } from '../../views/workload.ts';

/** DestinationRules that make clients speak something else than the mutual TLS which servers insist on. */
export const mutualTlsConflict = defineRule({
  code: 'MF0003',
  name: 'MutualTlsConflict',
  severity: 'ERROR',
  title: 'Clients do not speak what the server insists on',
  why: 'A server in STRICT mode takes Istio’s mutual TLS alone. The DestinationRule has clients send something else, so every connection is reset and requests get 503.',
  fix: 'Set tls.mode to ISTIO_MUTUAL or remove it, or let the server be PERMISSIVE while clients move.',
  example: `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
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
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec: {host: cart, trafficPolicy: {tls: {mode: DISABLE}}}
`,
  on: [KIND.DestinationRule],
  reads: { hosts, workloadsByLabel, namespaces, peerAuthenticationsInNamespace, domain: fact('clusterDomain'), rootNamespace: fact('rootNamespace') },
  *evaluate(subject, read) {
    const { host, policies, subsets } = destinationRuleOf(subject);
    for (const { path, level, port, body } of policies) {
      const mode = text(at(body, 'tls', 'mode')) ?? '';
      if (!['DISABLE', 'SIMPLE', 'MUTUAL'].includes(mode)) continue;
      // A port's own setting takes the place of the rule's.
      const settled = level === 'port' ? [] : policies.filter((other) => other.level === 'port' && other.path.startsWith(path) && at(other.body, 'tls') !== undefined).map((other) => other.port);
      const subset = subsets.find((one) => path.startsWith(`${one.path}.`));
      for (const { resource } of resolveHost(host, subject.namespace, read.domain(), read.hosts)) {
        if (resource.kind !== KIND.Service) continue;
        const { selector, ports } = serviceOf(resource);
        if (Object.keys(selector).length === 0) continue;
        const servers = selectWorkloads(selector, read.workloadsByLabel).filter((workload) => {
          const [namespace] = read.namespaces(workload.namespace);
          return workload.namespace === resource.namespace && carries(workload.labels, subset?.labels ?? {}) && (hasSidecar(workload, namespace) || isAmbient(workload, namespace));
        });
        const strict = servers.filter((server) =>
          ports
            .filter((one) => (port === undefined ? !settled.includes(one.port) : one.port === port))
            .some(({ targetPort }) => effectiveMutualTls(server, targetPort, read.rootNamespace(), read.peerAuthenticationsInNamespace).mode === 'STRICT'),
        );
        if (strict.length === 0) continue;
        const names = strict.map((server) => server.resource.name).sort();
        yield { path: `${path}.tls.mode`, message: `Clients call ${host} with ${mode}, and ${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''} of ${resource.namespace} insist${names.length === 1 ? 's' : ''} on mutual TLS (STRICT)`, related: strict.slice(0, 20).map((server) => server.resource.id).sort() };
      }
    }
  },
});
