import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import type { InProcessCluster } from '../fixtures/in-process-cluster.ts';
import { createInProcessCluster, deployment } from '../fixtures/in-process-cluster.ts';
import { at, listAt, mapAt, thaw } from '../kinds/field.ts';
import type { FieldValidation } from '../seam.ts';
import { StatusError } from '../server/status-error.ts';
import { createAdmission } from './admission.ts';

let cluster: InProcessCluster;
beforeAll(async () => {
  cluster = createInProcessCluster();
  await cluster.settle();
});
afterAll(() => cluster.stop());

const ADMIN = { name: 'kubernetes-admin', groups: ['system:masters'] };

/** Admission alone, as a write of the administrator; nothing is stored. */
function admit(object: KubeObject, options: { old?: KubeObject; fieldValidation?: FieldValidation; duplicateFields?: string[]; saidEmpty?: string[] } = {}): { object: KubeObject; warnings: string[] } {
  const slash = object.apiVersion.indexOf('/');
  const info = cluster.registry.byKind(slash === -1 ? '' : object.apiVersion.slice(0, slash), object.apiVersion.slice(slash + 1), object.kind);
  expect(info, object.kind).toBeDefined();
  return createAdmission(cluster.registry).prepare(info!, object, options.old, options.old === undefined ? 'create' : 'update', {
    fieldValidation: options.fieldValidation ?? 'Strict', user: ADMIN, dryRun: false, store: cluster.store,
    saidEmpty: new Set(options.saidEmpty),
    ...(options.duplicateFields === undefined ? {} : { duplicateFields: options.duplicateFields }),
  });
}

function refusal(object: KubeObject, options: Parameters<typeof admit>[1] = {}): { code: number; message: string; causes: string[] } {
  try {
    admit(object, options);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { code: error.status.code, message: error.status.message ?? '', causes: (error.status.details?.causes ?? []).map((cause) => `${cause.field ?? ''}: ${cause.message ?? ''}`) };
  }
  return { code: 0, message: 'accepted', causes: [] };
}

const pod = (spec: Record<string, unknown>): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default' }, spec });
const service = (spec: Record<string, unknown>): KubeObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 's', namespace: 'default' }, spec });
const web = (change: (object: KubeObject & { spec: Record<string, unknown> }) => void): KubeObject => {
  const object = thaw(deployment('web', 'default')) as KubeObject & { spec: Record<string, unknown> };
  change(object);
  return object;
};

describe('decoding of built-ins', () => {
  it('refuses a value of the wrong type in the words of Go', () => {
    expect(refusal(web((object) => (object.spec['replicas'] = '3')))).toMatchObject({ code: 400, message: 'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32' });
    expect(refusal({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default' }, data: { port: 8080 } }).message).toContain('json: cannot unmarshal number into Go struct field ConfigMap.data of type string');
    expect(refusal(pod({ containers: {} })).message).toContain('cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container');
  });

  it.each([
    ['Strict', 400, []],
    ['Warn', 0, ['unknown field "spec.template.spec.containers[0].imagee"', 'unknown field "spec.replcas"']],
    ['Ignore', 0, []],
  ] as const)('judges unknown fields as fieldValidation=%s asks', (fieldValidation, code, warnings) => {
    const object = web(({ spec }) => {
      spec['replcas'] = 3;
      Object.assign(listAt(spec, 'template', 'spec', 'containers')[0] ?? {}, { imagee: 'x' });
    });
    if (code === 400) return expect(refusal(object).message).toContain('strict decoding error: unknown field "spec.template.spec.containers[0].imagee", unknown field "spec.replcas"');
    const admitted = admit(object, { fieldValidation });
    expect(admitted.warnings).toEqual(warnings);
    expect(at(admitted.object, 'spec')).not.toHaveProperty('replcas');
  });

  it('names keys that came twice', () => {
    expect(refusal(web(() => undefined), { duplicateFields: ['spec.replicas'] }).message).toContain('strict decoding error: duplicate field "spec.replicas"');
  });

  it('takes null for absent, and writes quantities in their one form', () => {
    const admitted = admit(web(({ spec }) => {
      spec['paused'] = null;
      Object.assign(listAt(spec, 'template', 'spec', 'containers')[0] ?? {}, { resources: { requests: { cpu: 0.5, memory: '1024Mi' } } });
    }));
    expect(at(admitted.object, 'spec')).not.toHaveProperty('paused');
    expect(at(admitted.object, 'spec', 'template', 'spec', 'containers', 0, 'resources')).toEqual({ requests: { cpu: '500m', memory: '1Gi' } });
  });

  it('never changes what it was given', () => {
    const object = Object.freeze(deployment('web', 'default'));
    const before = JSON.stringify(object);
    admit(object);
    expect(JSON.stringify(object)).toBe(before);
  });
});

describe('defaults', () => {
  it('fill a Deployment as kube-apiserver does', () => {
    const { spec } = admit(deployment('web', 'default')).object as unknown as { spec: Record<string, unknown> };
    expect(spec).toMatchObject({ replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } } });
    expect(at(spec, 'template', 'spec')).toEqual({
      containers: [{ name: 'main', image: 'web:1', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }], resources: {}, terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File', imagePullPolicy: 'IfNotPresent' }],
      restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', schedulerName: 'default-scheduler', securityContext: {}, terminationGracePeriodSeconds: 30,
    });
  });

  it.each([['web', 'Always'], ['web:latest', 'Always'], ['web:1.2', 'IfNotPresent'], ['host:5000/web', 'Always'], ['web@sha256:abc', 'IfNotPresent']])('pull the image %s %s', (image, policy) => {
    expect(at(admit(deployment('web', 'default', { image })).object, 'spec', 'template', 'spec', 'containers', 0, 'imagePullPolicy')).toBe(policy);
  });

  it('are a fixed point: what was stored is admitted unchanged', () => {
    for (const object of [deployment('web', 'default'), service({ ports: [{ port: 80 }] }), pod({ containers: [{ name: 'x', image: 'x', livenessProbe: { httpGet: { port: 80 } } }], volumes: [{ name: 'v', configMap: { name: 'c' } }] })]) {
      const once = admit({ ...object, metadata: { ...object.metadata, uid: 'u-1' } }).object;
      expect(admit(once, { old: once }).object).toEqual(once);
    }
  });

  it('mount a token into pods, tolerate lost nodes, and rank them', () => {
    const { spec } = admit(pod({ containers: [{ name: 'x', image: 'x:1', resources: { limits: { cpu: '1' } } }] })).object as unknown as { spec: Record<string, unknown> };
    expect(spec).toMatchObject({ serviceAccountName: 'default', serviceAccount: 'default', priority: 0, preemptionPolicy: 'PreemptLowerPriority', enableServiceLinks: true });
    expect(at(spec, 'containers', 0, 'resources', 'requests')).toEqual({ cpu: '1' });
    expect(at(spec, 'containers', 0, 'volumeMounts', 0)).toMatchObject({ mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true });
    expect(listAt(spec, 'tolerations').map((toleration) => toleration['key'])).toEqual(['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']);
  });

  it('turn stringData of a Secret into data', () => {
    const secret = admit({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' }, stringData: { a: 'plain' } }).object;
    expect(secret).toMatchObject({ type: 'Opaque', data: { a: 'cGxhaW4=' } });
    expect(secret).not.toHaveProperty('stringData');
  });

  it('give Services addresses and node ports that no other Service has', () => {
    const one = cluster.create({ ...service({ type: 'NodePort', ports: [{ port: 80 }, { name: 'b', port: 81 }].map((port, index) => ({ ...port, name: `p${index}` })) }), metadata: { name: 'one', namespace: 'default' } });
    const two = cluster.create({ ...service({ ports: [{ port: 80 }] }), metadata: { name: 'two', namespace: 'default' } });
    expect(at(one, 'spec', 'clusterIP')).not.toBe(at(two, 'spec', 'clusterIP'));
    const ports = listAt(one, 'spec', 'ports').map((port) => Number(port['nodePort']));
    expect(new Set(ports).size).toBe(2);
    expect(ports.every((port) => port >= 30_000 && port <= 32_767)).toBe(true);
    expect(refusal(service({ clusterIP: at(two, 'spec', 'clusterIP'), ports: [{ port: 1 }] })).message).toContain('provided IP is already allocated');
    expect(refusal(service({ clusterIP: '192.0.2.1', ports: [{ port: 1 }] })).message).toContain('is not in the valid range. The range of valid IPs is 10.96.0.0/16');
  });

  it('fill webhooks as istiod finds them', () => {
    const webhook = { name: 'a.b.example.com', clientConfig: { service: { namespace: 'x', name: 'y' } }, admissionReviewVersions: ['v1'], sideEffects: 'None', rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }] };
    const object = admit({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: { name: 'w' }, webhooks: [webhook] }).object;
    expect(at(object, 'webhooks', 0)).toMatchObject({ failurePolicy: 'Fail', matchPolicy: 'Equivalent', timeoutSeconds: 10, reinvocationPolicy: 'Never', namespaceSelector: {}, objectSelector: {}, clientConfig: { service: { port: 443 } }, rules: [{ scope: '*' }] });
  });
});

describe('validation', () => {
  it.each<[string, KubeObject, string[]]>([
    ['a name that is no DNS subdomain', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'Bad_Name', namespace: 'default' } }, ['metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of']],
    ['a label that is none', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default', labels: { 'a b': 'x', ok: '-bad' } } }, ['metadata.labels: Invalid value: "a b": name part must consist of', 'metadata.labels: Invalid value: "-bad": a valid label must be an empty string or consist of']],
    ['a selector that misses its template', web(({ spec }) => (spec['selector'] = { matchLabels: { app: 'other' } })), ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`']],
    ['a workload without selector', web(({ spec }) => delete spec['selector']), ['spec.selector: Required value', 'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`']],
    ['negative replicas', web(({ spec }) => (spec['replicas'] = -1)), ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']],
    ['containers without image, name or number', pod({ containers: [{ name: 'a' }, { name: 'a', image: 'x', ports: [{ containerPort: 99999 }] }, { image: 'x' }] }), ['spec.containers[0].image: Required value', 'spec.containers[1].name: Duplicate value: "a"', 'spec.containers[1].ports[0].containerPort: Invalid value: 99999: must be between 1 and 65535, inclusive', 'spec.containers[2].name: Required value']],
    ['a mount of no volume', pod({ containers: [{ name: 'a', image: 'x', volumeMounts: [{ name: 'v', mountPath: '/v' }] }] }), ['spec.containers[0].volumeMounts[0].name: Not found: "v"']],
    ['requests above limits', pod({ containers: [{ name: 'a', image: 'x', resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }] }), ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1']],
    ['a service without ports', service({}), ['spec.ports: Required value']],
    ['two ports, one unnamed and out of range', service({ ports: [{ port: 0 }, { name: 'b', port: 80 }] }), ['spec.ports[0].name: Required value', 'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive', 'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive']],
    ['a service of no known type', service({ type: 'Magic', ports: [{ port: 80 }] }), ['spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"']],
    ['a TLS secret without its keys', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' }, type: 'kubernetes.io/tls', data: {} }, ['data[tls.crt]: Required value', 'data[tls.key]: Required value']],
    ['a config key with a blank', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default' }, data: { 'a b': '' } }, ['data[a b]: Invalid value: "a b": a valid config key must consist of']],
    ['a role without verbs or groups', { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'r', namespace: 'default' }, rules: [{ resources: ['pods'] }] }, ['rules[0].verbs: Required value: verbs must contain at least one value', 'rules[0].apiGroups: Required value: resource rules must supply at least one api group']],
    ['two controllers of one object', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default', ownerReferences: ['a', 'b'].map((name) => ({ apiVersion: 'v1', kind: 'Pod', name, uid: name, controller: true })) } }, ['metadata.ownerReferences: Invalid value']],
  ])('refuses %s', (_what, object, causes) => {
    const refused = refusal(object);
    expect(refused.code).toBe(422);
    expect(refused.causes).toHaveLength(causes.length);
    causes.forEach((cause, index) => expect(refused.causes[index]).toContain(cause));
  });

  it('refuses a body too large for a ConfigMap', () => {
    expect(refusal({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default' }, data: { big: 'x'.repeat(1_048_577) } }).causes[0]).toContain('Too long: may not be more than 1048576 bytes');
  });

  it('refuses base64 that is none, and says at which byte', () => {
    expect(refusal({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' }, data: { a: 'YWJj%' } })).toMatchObject({ code: 400, message: 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 4' });
  });

  it('refuses a pod of a service account that does not exist', () => {
    expect(refusal(pod({ serviceAccountName: 'nobody', containers: [{ name: 'a', image: 'x' }] }))).toMatchObject({ code: 403, message: 'pods "p" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found' });
  });
});

describe('updates', () => {
  const changed = (old: KubeObject, path: 'spec', fields: Record<string, unknown>): KubeObject => ({ ...thaw(old), [path]: { ...mapAt(thaw(old), path), ...fields } });

  it('may not move a selector', () => {
    const old = admit(deployment('web', 'default')).object;
    const next = web(({ spec }) => {
      spec['selector'] = { matchLabels: { app: 'b' } };
      spec['template'] = { metadata: { labels: { app: 'b' } }, spec: { containers: [{ name: 'main', image: 'x' }] } };
    });
    expect(refusal(next, { old }).causes).toEqual(['spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable']);
  });

  it('may change the image of a pod and nothing that it was scheduled by', () => {
    const old = admit(pod({ nodeName: 'n1', containers: [{ name: 'a', image: 'x:1' }] })).object;
    const withImage = changed(old, 'spec', { containers: listAt(old, 'spec', 'containers').map((container) => ({ ...container, image: 'x:2' })) });
    expect(refusal(withImage, { old }).code).toBe(0);
    expect(refusal(changed(old, 'spec', { nodeName: 'n2' }), { old }).causes[0]).toContain('spec: Forbidden: pod updates may not change fields other than');
  });

  it('keep the address of a Service that leaves it out, and refuse another', () => {
    const old = admit(service({ ports: [{ port: 80 }] })).object;
    const address = at(old, 'spec', 'clusterIP');
    expect(at(admit(service({ ports: [{ port: 81 }] }), { old }).object, 'spec', 'clusterIP')).toBe(address);
    expect(refusal(service({ clusterIP: '10.96.9.9', ports: [{ port: 80 }] }), { old }).causes[0]).toContain('spec.clusterIPs[0]: Invalid value: ["10.96.9.9"]: may not change once set');
  });

  it('may not change a Secret that is immutable, nor the type of any', () => {
    const secret = (fields: Record<string, unknown>): KubeObject => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' }, ...fields });
    const old = admit(secret({ immutable: true, data: { a: 'YQ==' } })).object;
    expect(refusal(secret({ immutable: true, data: { a: 'Yg==' } }), { old }).causes).toEqual(['data: Forbidden: field is immutable when `immutable` is set']);
    expect(refusal(secret({ type: 'other' }), { old: admit(secret({})).object }).causes).toEqual(['type: Invalid value: "other": field is immutable']);
  });

  it('may say again that the data of an immutable ConfigMap is empty, for it always is there', () => {
    const empty: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default' }, immutable: true };
    const old = admit(empty).object;
    expect(refusal(empty, { old, saidEmpty: ['data'] }).code).toBe(0);
    expect(refusal(empty, { old, saidEmpty: ['binaryData'] }).causes).toEqual(['binaryData: Forbidden: field is immutable when `immutable` is set']);
  });

  it('may not re-point a role binding', () => {
    const binding = (name: string): KubeObject => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'b' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }, subjects: [{ kind: 'User', name: 'u' }] });
    expect(refusal(binding('edit'), { old: admit(binding('view')).object }).causes[0]).toContain('cannot change roleRef');
  });

  it('may not delete the namespaces that every cluster needs', () => {
    const info = cluster.info('', 'namespaces');
    const admission = createAdmission(cluster.registry);
    const check = (name: string) => () => admission.checkDelete?.(info, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { fieldValidation: 'Warn', user: ADMIN, dryRun: false, store: cluster.store });
    expect(check('kube-system')).toThrow('namespaces "kube-system" is forbidden: this namespace may not be deleted');
    expect(check('shop')).not.toThrow();
  });
});
