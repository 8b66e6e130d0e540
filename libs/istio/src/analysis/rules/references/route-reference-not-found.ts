import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import type { Problem } from '../../engine/rule.ts';
import { serviceHost } from '../../hosts.ts';
import { kubeGatewaysByName } from '../../indexes/in-namespace.ts';
import { hosts } from '../../indexes/hosts.ts';
import { KIND } from '../../input/kinds.ts';
import { at, list, number, text } from '../../read-value.ts';

/** Routes of the Gateway API to services, and from gateways, that are not there. */
export const routeReferenceNotFound = defineRule({
  code: 'MF0012',
  name: 'RouteReferenceNotFound',
  severity: 'ERROR',
  title: 'Route refers to what is not there',
  why: 'A route without its backend answers 500; a route without its gateway is served by nobody.',
  fix: 'Correct the name, namespace or port, or create what it refers to.',
  example: `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: shop}
spec:
  parentRefs: [{name: entry}]
  rules: [{backendRefs: [{name: cart, port: 80}]}]
`,
  on: [KIND.HTTPRoute, KIND.GRPCRoute],
  reads: { hosts, kubeGatewaysByName, domain: fact('clusterDomain'), elsewhere: fact('hostsElsewhere') },
  *evaluate(subject, read) {
    for (const [i, parent] of list(at(subject.spec, 'parentRefs')).entries()) {
      const path = `spec.parentRefs[${i}]`;
      const namespace = text(at(parent, 'namespace')) ?? subject.namespace;
      const name = text(at(parent, 'name')) ?? '';
      const kind = text(at(parent, 'kind')) ?? 'Gateway';
      if (kind === 'Gateway' && read.kubeGatewaysByName(`${namespace}/${name}`).length === 0) yield { path, message: `There is no Gateway ${namespace}/${name}` };
      // A route of the mesh hangs on the service whose traffic it takes.
      if (kind === 'Service') yield* service(path, namespace, name, undefined);
    }
    for (const [i, rule] of list(at(subject.spec, 'rules')).entries()) {
      const filters = list(at(rule, 'filters')).map((filter, k) => [`filters[${k}].requestMirror.backendRef`, at(filter, 'requestMirror', 'backendRef')] as const);
      const backends = list(at(rule, 'backendRefs')).map((backend, k) => [`backendRefs[${k}]`, backend] as const);
      for (const [where, backend] of [...backends, ...filters]) {
        if (backend === undefined || (text(at(backend, 'kind')) ?? 'Service') !== 'Service') continue;
        yield* service(`spec.rules[${i}].${where}`, text(at(backend, 'namespace')) ?? subject.namespace, text(at(backend, 'name')) ?? '', number(at(backend, 'port')));
      }
    }

    function* service(path: string, namespace: string, name: string, port: number | undefined): Generator<Problem> {
      const host = serviceHost(name, namespace, read.domain());
      const found = read.hosts(host);
      if (found.length === 0 && !read.elsewhere().has(host)) yield { path, message: `There is no Service ${namespace}/${name}` };
      else if (found.length > 0 && port !== undefined && !found.some(({ ports }) => ports.includes(port))) yield { path: `${path}.port`, message: `The Service ${namespace}/${name} has no port ${port}` };
    }
  },
});
