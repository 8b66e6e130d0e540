import { istioCatalogue } from '@meshfleet/istio';
import { checkManifests, formatManifests, managedGroups, mergeCatalogues, parseManifests, presetSchema, renderPreset, type Preset } from '@meshfleet/manifest';
import { isMetadataOnly, type KubeObject } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { linkerdCatalogue } from '../kinds.ts';
import { LINKERD_MANAGED_GROUPS } from '../managed-groups.ts';
import { linkerdAccessLogs } from './linkerd-access-logs.ts';
import { linkerdAllowList } from './linkerd-allow-list.ts';
import { linkerdBlueGreen } from './linkerd-blue-green.ts';
import { linkerdCanary } from './linkerd-canary.ts';
import { linkerdCircuitBreaking } from './linkerd-circuit-breaking.ts';
import { linkerdCohorts } from './linkerd-cohorts.ts';
import { linkerdDefaultDeny } from './linkerd-default-deny.ts';
import { linkerdEgress } from './linkerd-egress.ts';
import { linkerdInjection } from './linkerd-injection.ts';
import { linkerdLocalRateLimit } from './linkerd-local-rate-limit.ts';
import { linkerdProxyResources } from './linkerd-proxy-resources.ts';
import { linkerdRetries } from './linkerd-retries.ts';
import { linkerdTimeouts } from './linkerd-timeouts.ts';
import { linkerdPresets } from './index.ts';

const CATALOGUE = mergeCatalogues(istioCatalogue(), linkerdCatalogue());

function written(preset: Preset, parameters: unknown): readonly KubeObject[] {
  const rendered = renderPreset(preset, parameters);
  if ('problems' in rendered) expect.unreachable(JSON.stringify(rendered.problems));
  return rendered.objects;
}

function refused(preset: Preset, parameters: unknown): string[] {
  const rendered = renderPreset(preset, parameters);
  return 'problems' in rendered ? rendered.problems.map(({ path, message }) => `${path.join('.')}: ${message}`) : [];
}

/** What the hub says of it. */
function complaints(objects: readonly KubeObject[]): string[] {
  const { documents, problems } = parseManifests(formatManifests(objects));
  const checked = checkManifests(documents, CATALOGUE, { manages: managedGroups(...LINKERD_MANAGED_GROUPS) });
  expect(checked.objects.map(({ object }) => object)).toEqual(objects);
  return [...problems, ...checked.problems, ...checked.warnings].map(({ summary }) => summary);
}

const pods = { namespace: 'shop', name: 'orders', labels: { app: 'orders' }, port: 8080 };
const service = { namespace: 'shop', name: 'route', service: 'echo', port: 80 };

describe.each(linkerdPresets.map((preset) => [preset.name, preset] as const))('%s', (name, preset) => {
  it('has an example that clusters take without a warning, and renders the same for what it says it has taken', () => {
    expect(name).toMatch(/^linkerd(-[a-z]+)+$/);
    expect(complaints(written(preset, preset.example))).toEqual([]);
    const rendered = renderPreset(preset, preset.example);
    expect('parameters' in rendered && renderPreset(preset, rendered.parameters)).toEqual(rendered);
    expect(JSON.stringify(presetSchema(preset))).toContain('"title"');
    expect(refused(preset, { ...preset.example, colour: 'red' })).not.toEqual([]);
  });
});

describe('default deny', () => {
  it('annotates a namespace, or writes a Server that denies', () => {
    expect(written(linkerdDefaultDeny, { scope: { of: 'NAMESPACE', namespace: 'shop' } })).toEqual([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', annotations: { 'config.linkerd.io/default-inbound-policy': 'deny' } } },
    ]);
    expect(written(linkerdDefaultDeny, { scope: { of: 'PORT', ...pods }, mode: 'AUDIT' })).toMatchObject([
      { kind: 'Server', spec: { podSelector: { matchLabels: { app: 'orders' } }, port: 8080, proxyProtocol: 'unknown', accessPolicy: 'audit' } },
    ]);
  });
});

describe('the allow list', () => {
  it('authorizes identities and networks each by a policy of its own, as either is enough', () => {
    const objects = written(linkerdAllowList, { ...pods, serviceAccounts: [{ name: 'web' }], networks: ['10.0.0.0/8'] });
    expect(complaints(objects)).toEqual([]);
    expect(objects).toMatchObject([
      { kind: 'Server' },
      { kind: 'MeshTLSAuthentication', spec: { identityRefs: [{ kind: 'ServiceAccount', name: 'web' }] } },
      { kind: 'AuthorizationPolicy', spec: { targetRef: { kind: 'Server', name: 'orders' }, requiredAuthenticationRefs: [{ kind: 'MeshTLSAuthentication', name: 'orders-accounts' }] } },
      { kind: 'NetworkAuthentication', spec: { networks: [{ cidr: '10.0.0.0/8' }] } },
      { kind: 'AuthorizationPolicy', spec: { requiredAuthenticationRefs: [{ kind: 'NetworkAuthentication', name: 'orders-networks' }] } },
    ]);
  });

  it('authorizes routes in place of the Server, and probes from anywhere', () => {
    const objects = written(linkerdAllowList, { ...pods, serviceAccounts: [{ name: 'web' }], routes: [{ path: '/orders', methods: ['GET', 'POST'] }], probePaths: ['/healthz'] });
    expect(complaints(objects)).toEqual([]);
    expect(objects.filter(({ kind }) => kind === 'AuthorizationPolicy')).toMatchObject([{ spec: { targetRef: { kind: 'HTTPRoute', name: 'orders-allowed' } } }, { spec: { targetRef: { kind: 'HTTPRoute', name: 'orders-probes' } } }]);
    expect(objects[1]).toMatchObject({ spec: { rules: [{ matches: [{ method: 'GET', path: { value: '/orders' } }, { method: 'POST' }] }] } });
  });

  it('refuses to allow nobody, and routes where nothing is HTTP', () => {
    expect(refused(linkerdAllowList, pods)).toEqual(['serviceAccounts: Allow somebody: a service account or a network. To allow nobody, use linkerd-default-deny']);
    expect(refused(linkerdAllowList, { ...pods, protocol: 'opaque', serviceAccounts: [{ name: 'web' }], routes: [{ path: '/a' }] })).toEqual(['routes: Routes need HTTP; the protocol is opaque']);
  });
});

describe('routes of callers', () => {
  it('split by weights that sum to 100, with cohorts before all others', () => {
    const backends = [{ service: 'echo-a', port: 80, weight: 75 }, { service: 'echo-b', port: 80, weight: 25 }];
    const objects = written(linkerdCanary, { ...service, backends, cohorts: [{ header: 'x-t', match: 'REGEX', value: 'b.*', service: 'echo-b' }] });
    expect(complaints(objects)).toEqual([]);
    expect(objects).toMatchObject([
      {
        spec: {
          parentRefs: [{ group: 'core', kind: 'Service', name: 'echo', port: 80 }],
          rules: [
            { matches: [{ headers: [{ type: 'RegularExpression', name: 'x-t', value: 'b.*' }] }], backendRefs: [{ name: 'echo-b' }] },
            { backendRefs: [{ name: 'echo-a', weight: 75 }, { name: 'echo-b', weight: 25 }] },
          ],
        },
      },
    ]);
    expect(refused(linkerdCanary, { ...service, backends: [backends[0], backends[0]], cohorts: [{ header: 'x', value: 'y', service: 'other' }] })).toHaveLength(3);
  });

  it('bound requests, and retry the methods that are named', () => {
    const timeouts = written(linkerdTimeouts, { ...service, request: '3s', backendRequest: '1s' });
    const retries = written(linkerdRetries, { ...service, on: [503, 'gateway-error'], limit: 2, attemptTimeout: '400ms' });
    expect(complaints([...timeouts])).toEqual([]);
    expect(timeouts).toMatchObject([{ spec: { rules: [{ timeouts: { request: '3s', backendRequest: '1s' }, backendRefs: [{ name: 'echo', port: 80 }] }] } }]);
    expect(complaints(retries)).toEqual([]);
    expect(retries).toMatchObject([
      {
        metadata: { annotations: { 'retry.linkerd.io/http': '503,gateway-error', 'retry.linkerd.io/limit': '2', 'retry.linkerd.io/timeout': '400ms' } },
        spec: { rules: [{ matches: [{ method: 'GET' }, { method: 'HEAD' }] }] },
      },
    ]);
    expect(written(linkerdTimeouts, { ...service, request: '3s', response: '2s', idle: '500ms' })).toMatchObject([{ metadata: { annotations: { 'timeout.linkerd.io/response': '2s', 'timeout.linkerd.io/idle': '500ms' } } }]);
    expect(refused(linkerdTimeouts, { ...service, request: '1s', backendRequest: '2s' })).toEqual(['backendRequest: It cannot outlast the request']);
  });
});

describe('the local rate limit', () => {
  it('leaves the Server to who wrote it, or writes one that lets everybody in', () => {
    const limits = { namespace: 'shop', server: 'http', total: 100, perCaller: 10 };
    expect(written(linkerdLocalRateLimit, limits)).toMatchObject([{ kind: 'HTTPLocalRateLimitPolicy', spec: { targetRef: { kind: 'Server', name: 'http' }, total: { requestsPerSecond: 100 }, identity: { requestsPerSecond: 10 } } }]);
    const objects = written(linkerdLocalRateLimit, { ...limits, create: { labels: { app: 'a' }, port: 'http' }, overrides: [{ requestsPerSecond: 50, serviceAccounts: [{ name: 'web', namespace: 'front' }] }] });
    expect(complaints(objects)).toEqual([]);
    expect(objects).toMatchObject([{ kind: 'Server', spec: { accessPolicy: 'all-unauthenticated' } }, { spec: { overrides: [{ requestsPerSecond: 50, clientRefs: [{ kind: 'ServiceAccount', name: 'web', namespace: 'front' }] }] } }]);
  });

  it('refuses a limit that is none', () => {
    expect(refused(linkerdLocalRateLimit, { namespace: 'shop', server: 'http' })).toEqual([': Set a limit: in all, for each caller, or for some']);
    expect(refused(linkerdLocalRateLimit, { namespace: 'shop', server: 'http', total: 5, perCaller: 6 })).toHaveLength(1);
  });
});

describe('circuit breaking', () => {
  it('annotates the Service and leaves all else of it alone', () => {
    const objects = written(linkerdCircuitBreaking, { namespace: 'shop', service: 'echo', maxFailures: 3 });
    expect(objects.every(isMetadataOnly)).toBe(true);
    expect(objects).toMatchObject([
      { kind: 'Service', metadata: { name: 'echo', annotations: { 'balancer.linkerd.io/failure-accrual': 'consecutive', 'balancer.linkerd.io/failure-accrual-consecutive-max-failures': '3', 'balancer.linkerd.io/failure-accrual-consecutive-max-penalty': '1m' } } },
    ]);
    expect(refused(linkerdCircuitBreaking, { namespace: 'shop', service: 'echo', minPenalty: '2m' })).toEqual(['maxPenalty: The longest pause is shorter than the shortest']);
  });
});

describe('egress', () => {
  it('denies all but the declared hosts', () => {
    const objects = written(linkerdEgress, { namespace: 'shop', name: 'outside', networks: [{ cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] }], allow: [{ name: 'api', hosts: ['*.example.com'], port: 443 }] });
    expect(complaints(objects)).toEqual([]);
    expect(objects).toMatchObject([
      { kind: 'EgressNetwork', spec: { trafficPolicy: 'Deny', networks: [{ cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] }] } },
      { kind: 'TLSRoute', metadata: { name: 'outside-api' }, spec: { hostnames: ['*.example.com'], parentRefs: [{ kind: 'EgressNetwork', name: 'outside', port: 443 }], rules: [{ backendRefs: [{ kind: 'EgressNetwork', name: 'outside' }] }] } },
    ]);
    expect(refused(linkerdEgress, { namespace: 'shop', name: 'outside', otherwise: 'ALLOW', allow: [{ name: 'api', hosts: ['a.com'], port: 443 }] })).toHaveLength(1);
  });
});

describe('versions beside each other', () => {
  const [blue, green] = [{ service: 'echo-a', port: 80 }, { service: 'echo-b', port: 80 }];

  it('cut over at once, with testers on the other colour', () => {
    const objects = written(linkerdBlueGreen, { ...service, blue, green, active: 'GREEN', testers: { header: 'x-preview', value: 'idle' } });
    expect(complaints(objects)).toEqual([]);
    expect(objects).toMatchObject([{ spec: { rules: [{ backendRefs: [{ name: 'echo-a' }] }, { backendRefs: [{ name: 'echo-b', weight: 1 }, { name: 'echo-a', weight: 0 }] }] } }]);
    expect(refused(linkerdBlueGreen, { ...service, blue, green: blue, active: 'BLUE' })).toEqual(['green: Blue and green are the same']);
  });

  it('answer cohorts that a header tells, before all others', () => {
    const objects = written(linkerdCohorts, { ...service, control: blue, variants: [{ ...green, cohorts: [{ header: 'x-c', value: 'b' }, { header: 'cookie', match: 'REGEX', value: '.*c=b.*' }] }] });
    expect(complaints(objects)).toEqual([]);
    expect(objects).toMatchObject([
      { spec: { rules: [{ matches: [{ headers: [{ name: 'x-c', value: 'b' }] }, { headers: [{ type: 'RegularExpression', name: 'cookie' }] }], backendRefs: [{ name: 'echo-b' }] }, { backendRefs: [{ name: 'echo-a' }] }] } },
    ]);
  });
});

describe('annotations of proxies', () => {
  const namespace = { of: 'NAMESPACE', namespace: 'shop' };
  const workloads = { of: 'WORKLOADS', namespace: 'shop', workloads: [{ name: 'a' }, { kind: 'StatefulSet', name: 'b' }] };

  it('stand on a namespace or on pod templates, and leave all else of them alone', () => {
    expect(written(linkerdInjection, { target: namespace })).toEqual([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', annotations: { 'linkerd.io/inject': 'enabled' } } }]);
    const objects = written(linkerdInjection, { target: workloads, mode: 'NONE' });
    expect(objects.every(isMetadataOnly)).toBe(true);
    expect(objects).toMatchObject([
      { kind: 'Deployment', metadata: { name: 'a' }, spec: { template: { metadata: { annotations: { 'linkerd.io/inject': 'disabled' } } } } },
      { kind: 'StatefulSet', metadata: { name: 'b' } },
    ]);
    expect(refused(linkerdInjection, { target: { of: 'NAMESPACE', namespace: 'kube-system' } })).toHaveLength(1);
    expect(refused(linkerdInjection, { target: namespace, mode: 'INGRESS' })).toHaveLength(1);
  });

  it('say how proxies log and what they may use', () => {
    expect(written(linkerdAccessLogs, { target: namespace, format: 'APACHE' })).toMatchObject([{ metadata: { annotations: { 'config.linkerd.io/access-log': 'apache' } } }]);
    expect(written(linkerdProxyResources, { target: namespace, cpuLimit: '2', coresShare: 30, memoryRequest: '64Mi' })).toMatchObject([
      { metadata: { annotations: { 'config.linkerd.io/proxy-cpu-limit': '2', 'config.linkerd.io/proxy-cpu-ratio-limit': '0.30', 'config.linkerd.io/proxy-memory-request': '64Mi' } } },
    ]);
    expect(refused(linkerdProxyResources, { target: namespace })).toHaveLength(1);
    expect(refused(linkerdProxyResources, { target: namespace, cpuRequest: '2', cpuLimit: '500m' })).toEqual(['cpuLimit: The limit must not be lower than the request']);
  });
});
