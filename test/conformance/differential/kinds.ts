import type { Random } from './random.ts';

/** A kind to be written at random: small pools of values, so that managers meet on the same fields. */
export interface FuzzedKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Where its collection is, within a namespace or not. */
  path(namespace: string): string;
  /** What a first create has at least, so that most creates succeed. */
  base(): Fields;
  /** A random part of an object, for applies, updates and patches; without metadata. */
  part(random: Random): Fields;
  readonly namespaced: boolean;
  readonly custom: boolean;
  readonly hasStatus: boolean;
  /** Its controllers write to it at any time: everything after the first write is a dry run. */
  readonly controlled?: boolean;
  /** A random status; only for kinds that have one. */
  status?(random: Random): Fields;
}

export type Fields = Record<string, unknown>;

const core = (plural: string) => (namespace: string): string => `/api/v1/namespaces/${namespace}/${plural}`;
const of = (group: string, plural: string) => (namespace: string): string => `/apis/${group}/namespaces/${namespace}/${plural}`;

function maybe(random: Random, probability: number, name: string, value: () => unknown): Fields {
  return random.chance(probability) ? { [name]: value() } : {};
}

function strings(random: Random, keys: readonly string[]): Fields {
  return Object.fromEntries(random.some(keys, 0.5).map((key) => [key, random.pick(['1', '2', '3'])]));
}

const configMap: FuzzedKind = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  namespaced: true,
  custom: false,
  hasStatus: false,
  path: core('configmaps'),
  base: () => ({ data: { a: '0' } }),
  part: (random) => ({
    ...maybe(random, 0.8, 'data', () => strings(random, ['a', 'b', 'c'])),
    ...maybe(random, 0.2, 'binaryData', () => Object.fromEntries(random.some(['d', 'e'], 0.5).map((key) => [key, 'AQID']))),
    ...maybe(random, 0.05, 'immutable', () => random.chance(0.5)),
    ...maybe(random, 0.05, 'surprise', () => 1),
  }),
};

const secret: FuzzedKind = {
  apiVersion: 'v1',
  kind: 'Secret',
  namespaced: true,
  custom: false,
  hasStatus: false,
  path: core('secrets'),
  base: () => ({ data: { a: 'MA==' } }),
  part: (random) => ({
    ...maybe(random, 0.6, 'data', () => Object.fromEntries(random.some(['a', 'b'], 0.6).map((key) => [key, random.pick(['MQ==', 'Mg==', 'no base64'])]))),
    ...maybe(random, 0.5, 'stringData', () => strings(random, ['a', 'b', 'c'])),
    ...maybe(random, 0.1, 'type', () => random.pick(['Opaque', 'example.test/kind', 'kubernetes.io/tls'])),
  }),
};

const serviceAccount: FuzzedKind = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  namespaced: true,
  custom: false,
  hasStatus: false,
  path: core('serviceaccounts'),
  base: () => ({}),
  part: (random) => ({
    ...maybe(random, 0.6, 'secrets', () => random.some(['x', 'y', 'z'], 0.5).map((name) => ({ name }))),
    ...maybe(random, 0.6, 'imagePullSecrets', () => random.some(['x', 'y', 'z'], 0.5).map((name) => ({ name }))),
    ...maybe(random, 0.4, 'automountServiceAccountToken', () => random.chance(0.5)),
  }),
};

const servicePort = (random: Random): Fields => ({
  ...maybe(random, 0.95, 'port', () => random.pick([80, 81, 443])),
  ...maybe(random, 0.9, 'name', () => random.pick(['http', 'http-a', 'http-b', 'https'])),
  ...maybe(random, 0.4, 'protocol', () => random.pick(['TCP', 'UDP'])),
  ...maybe(random, 0.4, 'targetPort', () => random.pick([8080, 'web', 80])),
  ...maybe(random, 0.2, 'appProtocol', () => random.pick(['http', 'grpc'])),
});

const service: FuzzedKind = {
  apiVersion: 'v1',
  kind: 'Service',
  namespaced: true,
  custom: false,
  hasStatus: true,
  path: core('services'),
  base: () => ({ spec: { ports: [{ port: 80, name: 'http' }] } }),
  part: (random) => ({
    ...maybe(random, 0.9, 'spec', () => ({
      ...maybe(random, 0.7, 'ports', () => Array.from({ length: random.below(3) }, () => servicePort(random))),
      ...maybe(random, 0.6, 'selector', () => strings(random, ['app', 'version'])),
      // A class that nobody serves: no controller of either cluster gives it an address.
      ...(random.chance(0.3) ? random.pick([{ type: 'ClusterIP' }, { type: 'NodePort' }, { type: 'LoadBalancer', loadBalancerClass: 'example.test/nobody' }, { type: 'ExternalName' }]) : {}),
      ...maybe(random, 0.1, 'externalName', () => 'name.example.test'),
      ...maybe(random, 0.2, 'sessionAffinity', () => random.pick(['None', 'ClientIP'])),
      ...maybe(random, 0.1, 'publishNotReadyAddresses', () => true),
      ...maybe(random, 0.1, 'externalTrafficPolicy', () => random.pick(['Cluster', 'Local'])),
      ...maybe(random, 0.05, 'clusterIP', () => 'None'),
    })),
  }),
  status: (random) => ({ loadBalancer: random.chance(0.7) ? { ingress: random.some([{ ip: '192.0.2.1' }, { hostname: 'lb.example.test' }], 0.6) } : {} }),
};

const container = (random: Random, name: string): Fields => ({
  ...maybe(random, 0.98, 'name', () => name),
  ...maybe(random, 0.8, 'image', () => random.pick(['registry.test/a:1', 'registry.test/a', 'registry.test/b:2'])),
  ...maybe(random, 0.4, 'args', () => random.some(['--x', '--y'], 0.6)),
  ...maybe(random, 0.5, 'ports', () => random.some([80, 81, 82], 0.4).map((containerPort) => ({ containerPort, ...maybe(random, 0.4, 'name', () => `p-${containerPort}`), ...maybe(random, 0.3, 'protocol', () => random.pick(['TCP', 'UDP'])) }))),
  ...maybe(random, 0.5, 'env', () => random.some(['A', 'B', 'C'], 0.4).map((key) => ({ name: key, ...maybe(random, 0.9, 'value', () => random.pick(['1', '2', ''])) }))),
  ...maybe(random, 0.3, 'resources', () => ({ ...maybe(random, 0.7, 'limits', () => ({ cpu: random.pick(['100m', '0.1', 1]) })), ...maybe(random, 0.5, 'requests', () => ({ memory: random.pick(['64Mi', '65536Ki']) })) })),
  ...maybe(random, 0.2, 'volumeMounts', () => [{ name: 'v1', mountPath: random.pick(['/a', '/b']) }]),
  ...maybe(random, 0.2, 'securityContext', () => ({ ...maybe(random, 0.5, 'runAsUser', () => random.pick([0, 1000])), ...maybe(random, 0.3, 'privileged', () => random.chance(0.5)) })),
});

const podSpec = (random: Random): Fields => ({
  ...maybe(random, 0.9, 'containers', () => random.some(['web', 'log', 'side'], 0.6).map((name) => container(random, name))),
  ...maybe(random, 0.2, 'initContainers', () => random.some(['init'], 0.7).map((name) => container(random, name))),
  ...maybe(random, 0.3, 'volumes', () => random.some(['v1', 'v2'], 0.7).map((name) => ({ name, ...maybe(random, 0.9, random.pick(['emptyDir', 'emptyDir', 'configMap']), () => random.pick([{}, { name: 'cm' }])) }))),
  ...maybe(random, 0.2, 'tolerations', () => random.some([{ key: 'a', operator: 'Exists' }, { key: 'b', operator: 'Equal', value: 'x' }], 0.5)),
  ...maybe(random, 0.2, 'nodeSelector', () => strings(random, ['disk', 'zone'])),
  ...maybe(random, 0.2, 'serviceAccountName', () => random.pick(['one', 'two'])),
  ...maybe(random, 0.2, 'terminationGracePeriodSeconds', () => random.pick([0, 5, 30])),
  ...maybe(random, 0.1, 'restartPolicy', () => random.pick(['Always', 'Never', 'Sometimes'])),
});

const podTemplate: FuzzedKind = {
  apiVersion: 'v1',
  kind: 'PodTemplate',
  namespaced: true,
  custom: false,
  hasStatus: false,
  path: core('podtemplates'),
  base: () => ({ template: { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'web', image: 'registry.test/a:1' }] } } }),
  part: (random) => ({ template: { ...maybe(random, 0.5, 'metadata', () => ({ labels: strings(random, ['app', 'version']) })), ...maybe(random, 0.9, 'spec', () => podSpec(random)) } }),
};

const deployment: FuzzedKind = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  controlled: true,
  namespaced: true,
  custom: false,
  hasStatus: false,
  path: of('apps/v1', 'deployments'),
  base: () => ({ spec: { replicas: 0, selector: { matchLabels: { app: 'x' } }, template: { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'web', image: 'registry.test/a:1' }] } } } }),
  part: (random) => ({
    spec: {
      ...maybe(random, 0.2, 'paused', () => random.chance(0.5)),
      ...maybe(random, 0.1, 'selector', () => ({ matchLabels: { app: random.pick(['x', 'y']) } })),
      ...maybe(random, 0.3, 'strategy', () => random.pick([{ type: 'Recreate' }, { type: 'RollingUpdate' }, { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } }, { rollingUpdate: { maxUnavailable: '10%' } }])),
      ...maybe(random, 0.7, 'template', () => ({ ...maybe(random, 0.4, 'metadata', () => ({ labels: { app: 'x', ...strings(random, ['version']) } })), spec: podSpec(random) })),
      ...maybe(random, 0.2, 'revisionHistoryLimit', () => random.pick([0, 3, -1])),
    },
  }),
};

const rule = (random: Random): Fields => ({
  apiGroups: random.some(['', 'apps'], 0.6),
  resources: random.some(['pods', 'secrets'], 0.7),
  verbs: random.some(['get', 'list'], 0.8),
  ...maybe(random, 0.2, 'resourceNames', () => ['x']),
});

const role: FuzzedKind = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  namespaced: true,
  custom: false,
  hasStatus: false,
  path: of('rbac.authorization.k8s.io/v1', 'roles'),
  base: () => ({ rules: [] }),
  part: (random) => maybe(random, 0.9, 'rules', () => Array.from({ length: random.below(3) }, () => rule(random))),
};

const lease: FuzzedKind = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespaced: true,
  custom: false,
  hasStatus: false,
  path: of('coordination.k8s.io/v1', 'leases'),
  base: () => ({ spec: { holderIdentity: 'nobody' } }),
  part: (random) => ({
    spec: {
      ...maybe(random, 0.6, 'holderIdentity', () => random.pick(['a', 'b', ''])),
      ...maybe(random, 0.4, 'leaseDurationSeconds', () => random.pick([15, 30, 0, -1])),
      ...maybe(random, 0.4, 'renewTime', () => random.pick(['2030-01-01T00:00:00.000000Z', '2030-01-01T00:00:00.123456Z', '2030-01-01T00:00:00Z', 'soon'])),
      ...maybe(random, 0.2, 'leaseTransitions', () => random.pick([0, 1, -2])),
    },
  }),
};

const hook = (random: Random, name: string): Fields => ({
  name,
  ...maybe(random, 0.9, 'admissionReviewVersions', () => ['v1']),
  ...maybe(random, 0.95, 'sideEffects', () => random.pick(['None', 'None', 'None', 'Some'])),
  ...maybe(random, 0.95, 'clientConfig', () => random.pick([{ url: 'https://hook.example.test/x' }, { service: { name: 's', namespace: 'n' } }, { service: { name: 's', namespace: 'n', path: '/x', port: 8443 } }])),
  ...maybe(random, 0.5, 'failurePolicy', () => random.pick(['Fail', 'Ignore'])),
  ...maybe(random, 0.4, 'rules', () => [{ apiGroups: [''], apiVersions: ['v1'], operations: random.some(['CREATE', 'UPDATE'], 0.8), resources: ['unheardof'] }]),
  ...maybe(random, 0.3, 'namespaceSelector', () => ({ matchLabels: strings(random, ['mesh']) })),
  ...maybe(random, 0.2, 'timeoutSeconds', () => random.pick([1, 30, 31])),
});

const webhooks: FuzzedKind = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  namespaced: false,
  custom: false,
  hasStatus: false,
  path: () => '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
  base: () => ({ webhooks: [{ name: 'a.example.test', admissionReviewVersions: ['v1'], sideEffects: 'None', clientConfig: { url: 'https://hook.example.test/x' } }] }),
  part: (random) => maybe(random, 0.9, 'webhooks', () => ['a.example.test', ...random.some(['b.example.test'], 0.6)].map((name) => hook(random, name))),
};

function widget(version: string): FuzzedKind {
  return {
    apiVersion: `example.test/${version}`,
    kind: 'Widget',
    namespaced: true,
    custom: true,
    hasStatus: true,
    path: of(`example.test/${version}`, 'widgets'),
    base: () => ({ spec: { size: 1 } }),
    part: (random) => ({
      spec: {
        ...maybe(random, 0.6, 'size', () => random.pick([1, 2, 50, 0, 'big'])),
        ...maybe(random, 0.2, 'max', () => random.pick([10, 100])),
        ...maybe(random, 0.3, 'color', () => random.pick(['red', 'green', 'blue', null])),
        ...maybe(random, 0.2, 'owner', () => random.pick(['ada', 'eve', 'much-too-long'])),
        ...maybe(random, 0.4, 'tags', () => random.some(['a', 'b', 'c'], 0.5)),
        ...maybe(random, 0.4, 'ports', () => random.some([1, 2, 3], 0.5).map((port) => ({ port, ...maybe(random, 0.5, 'name', () => random.pick(['x', 'y'])), ...maybe(random, 0.2, 'protocol', () => 'UDP') }))),
        ...maybe(random, 0.3, 'pairs', () => random.some([1, 2], 0.6).flatMap((a) => random.some(['x', 'y'], 0.6).map((b) => ({ a, ...maybe(random, 0.9, 'b', () => b), ...maybe(random, 0.5, 'value', () => random.pick([1, 2])) })))),
        ...maybe(random, 0.3, 'plain', () => random.some([1, 2, 3], 0.5)),
        ...maybe(random, 0.3, 'whole', () => strings(random, ['p', 'q'])),
        ...maybe(random, 0.3, 'free', () => random.pick([{}, { any: { thing: 1 } }, { any: { other: 2 }, list: [1] }])),
        ...maybe(random, 0.2, 'amount', () => random.pick([5, '50%', true])),
        ...maybe(random, 0.2, 'note', () => random.pick(['n', null])),
        ...maybe(random, 0.1, 'unknown', () => ({ deep: 1 })),
      },
    }),
    status: (random) => ({ ...maybe(random, 0.7, 'phase', () => random.pick(['Ready', 'Lost'])), ...maybe(random, 0.5, 'observed', () => random.pick([1, 2, 'x'])) }),
  };
}

export const FUZZED_KINDS: readonly FuzzedKind[] = [configMap, secret, serviceAccount, service, podTemplate, deployment, role, lease, webhooks, widget('v1'), widget('v1'), widget('v1beta1')];
