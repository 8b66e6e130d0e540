import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { eventually, JSON_PATCH, MERGE } from './client.ts';
import { configMap, configMaps, deployment, deployments, services } from './objects.ts';
import { withCluster } from './with-cluster.ts';

const bed = withCluster();
const secrets = (ns: string): string => `/api/v1/namespaces/${ns}/secrets`;
const leases = (ns: string): string => `/apis/coordination.k8s.io/v1/namespaces/${ns}/leases`;
const webhooks = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';

describe('secrets', () => {
  it('take stringData in, keep it as data, and never give it back', async () => {
    const ns = await bed.client.namespace();
    const { body } = await bed.client.post(secrets(ns), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: 'MQ==', b: 'Mg==' }, stringData: { b: 'plain' } });
    expect(body).toMatchObject({ type: 'Opaque', data: { a: 'MQ==', b: Buffer.from('plain').toString('base64') } });
    expect(body.stringData).toBeUndefined();
  });
  it('keep their type', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(secrets(ns), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, type: 'example.test/a' });
    const { status, body } = await bed.client.patch(`${secrets(ns)}/s`, MERGE, { type: 'example.test/b' });
    expect(status).toBe(422);
    expect(body.details.causes).toEqual([{ reason: 'FieldValueInvalid', message: 'Invalid value: "example.test/b": field is immutable', field: 'type' }]);
  });
  it('of type kubernetes.io/tls need a certificate and a key', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(secrets(ns), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, type: 'kubernetes.io/tls', data: {} });
    expect(status).toBe(422);
    expect(body.details.causes.map(({ field }: { field: string }) => field)).toEqual(['data[tls.crt]', 'data[tls.key]']);
  });
  it('are refused when they are no base64', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(secrets(ns), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: 'no base64' } });
    expect(status).toBe(400);
    expect(body.message).toBe('Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 2');
  });
  it('stay as they are once immutable', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(secrets(ns), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, immutable: true, data: { a: 'MQ==' } });
    expect((await bed.client.patch(`${secrets(ns)}/s`, MERGE, { data: { a: 'Mg==' } })).body.message).toContain('data: Forbidden: field is immutable when `immutable` is set');
    expect((await bed.client.patch(`${secrets(ns)}/s`, MERGE, { immutable: null })).status).toBe(422);
    expect((await bed.client.patch(`${secrets(ns)}/s`, MERGE, { metadata: { labels: { a: 'b' } } })).status).toBe(200);
  });
  it('may be large, but not without end', async () => {
    const ns = await bed.client.namespace();
    const large = (bytes: number) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { generateName: 's-' }, data: { a: Buffer.alloc(bytes).toString('base64') } });
    expect((await bed.client.post(secrets(ns), large(900 * 1024))).status).toBe(201);
    expect((await bed.client.post(secrets(ns), large(1025 * 1024))).status).toBe(422);
  });
});

describe('leases', () => {
  it('are renewed by their holder, and lost to who was faster', async () => {
    const ns = await bed.client.namespace();
    const { body: made } = await bed.client.post(leases(ns), { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' }, spec: { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: '2030-01-01T00:00:00.000000Z' } });
    const renewed = await bed.client.put(`${leases(ns)}/l`, { ...made, spec: { ...made.spec, renewTime: '2030-01-01T00:00:05.123456Z' } });
    expect(renewed.body.spec.renewTime).toBe('2030-01-01T00:00:05.123456Z');
    const late = await bed.client.put(`${leases(ns)}/l`, { ...made, spec: { ...made.spec, holderIdentity: 'b' } });
    expect(late.status).toBe(409);
  });
  it('need a resourceVersion to be updated', async () => {
    const ns = await bed.client.namespace();
    const { body: made } = await bed.client.post(leases(ns), { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' }, spec: {} });
    const { resourceVersion: _version, ...metadata } = made.metadata;
    const { status, body } = await bed.client.put(`${leases(ns)}/l`, { ...made, metadata });
    expect(status).toBe(422);
    expect(body.message).toBe('leases.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update');
  });
  it('last more than nothing, and take times with six digits', async () => {
    const ns = await bed.client.namespace();
    const lease = (spec: unknown) => ({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' }, spec });
    expect((await bed.client.post(leases(ns), lease({ leaseDurationSeconds: 0 }))).body.message).toContain('spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0');
    const { status, body } = await bed.client.post(leases(ns), lease({ renewTime: '2030-01-01T00:00:00Z' }));
    expect(status).toBe(400);
    expect(body.message).toContain('cannot parse "Z" as ".000000"');
  });
});

describe('events', () => {
  it('are kept, and selected by what they are about', async () => {
    const ns = await bed.client.namespace();
    const events = `/api/v1/namespaces/${ns}/events`;
    for (const name of ['a', 'b']) {
      const { status } = await bed.client.post(events, { apiVersion: 'v1', kind: 'Event', metadata: { name: `event-${name}` }, involvedObject: { kind: 'ConfigMap', namespace: ns, name }, reason: 'Changed', message: 'it changed', type: 'Normal' });
      expect(status).toBe(201);
    }
    const { body } = await bed.client.get(`${events}?fieldSelector=involvedObject.name%3Db%2Ctype%3DNormal`);
    expect(body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual(['event-b']);
  });
  it('must be about something in their own namespace', async () => {
    const ns = await bed.client.namespace();
    const { status } = await bed.client.post(`/api/v1/namespaces/${ns}/events`, { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' }, involvedObject: { kind: 'ConfigMap', namespace: 'default', name: 'x' } });
    expect(status).toBe(422);
  });
});

describe('webhook configurations', () => {
  const hook = { name: 'hook.example.test', admissionReviewVersions: ['v1'], sideEffects: 'None', clientConfig: { service: { name: 's', namespace: 'n' } }, rules: [{ apiGroups: ['example.invalid'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothings'] }] };
  it('are plain objects with defaults', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(webhooks, { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: { name: ns }, webhooks: [hook] });
    expect(status).toBe(201);
    expect(body.metadata.generation).toBe(1);
    expect(body.webhooks[0]).toMatchObject({ failurePolicy: 'Fail', matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {}, timeoutSeconds: 10, reinvocationPolicy: 'Never', clientConfig: { service: { port: 443 } }, rules: [{ scope: '*' }] });
    await bed.client.delete(`${webhooks}/${ns}`);
  });
  it('take a CA bundle from another hand by strategic merge', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(webhooks, { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: { name: ns }, webhooks: [hook, { ...hook, name: 'other.example.test' }] });
    const { body } = await bed.client.patch(`${webhooks}/${ns}?fieldManager=istiod`, 'application/strategic-merge-patch+json', { webhooks: [{ name: 'hook.example.test', timeoutSeconds: 5 }] });
    expect(body.webhooks.map(({ name, timeoutSeconds }: { name: string; timeoutSeconds: number }) => [name, timeoutSeconds])).toEqual([['hook.example.test', 5], ['other.example.test', 10]]);
    expect(body.metadata.generation).toBe(2);
    await bed.client.delete(`${webhooks}/${ns}`);
  });
  it('are refused without versions, side effects, and where to call', async () => {
    const { status, body } = await bed.client.post(webhooks, { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: { name: 'bad' }, webhooks: [{ name: 'hook.example.test', clientConfig: {} }] });
    expect(status).toBe(422);
    expect(body.details.causes.map(({ field }: { field: string }) => field).sort()).toEqual(['webhooks[0].admissionReviewVersions', 'webhooks[0].clientConfig', 'webhooks[0].sideEffects']);
  });
});

describe('an empty list or map that is said to be so', () => {
  it('is a change of webhooks, every time', async () => {
    const ns = await bed.client.namespace();
    const webhook = { name: 'hook.example.test', admissionReviewVersions: ['v1'], sideEffects: 'None', clientConfig: { url: 'https://hook.example.test/x' }, rules: [] };
    await bed.client.post(webhooks, { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: { name: ns }, webhooks: [webhook] });
    for (const generation of [2, 3]) {
      const { body } = await bed.client.patch(`${webhooks}/${ns}`, MERGE, { webhooks: [webhook] });
      expect(body.metadata.generation).toBe(generation);
    }
    const { rules: _none, ...without } = webhook;
    expect((await bed.client.patch(`${webhooks}/${ns}`, MERGE, { webhooks: [without] })).body.metadata.generation).toBe(3);
    await bed.client.delete(`${webhooks}/${ns}`);
  });
  it('is a change of what is immutable', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), { ...configMap('a', { k: '1' }), immutable: true });
    const { status, body } = await bed.client.patch(`${configMaps(ns)}/a`, MERGE, { binaryData: {} });
    expect(status).toBe(422);
    expect(body.details.causes).toEqual([{ reason: 'FieldValueForbidden', message: 'Forbidden: field is immutable when `immutable` is set', field: 'binaryData' }]);
    expect((await bed.client.patch(`${configMaps(ns)}/a`, MERGE, { binaryData: null })).status).toBe(200);
  });
  it('is no change of anything else, and does not move the time of its owner', async () => {
    const ns = await bed.client.namespace();
    const roles = `/apis/rbac.authorization.k8s.io/v1/namespaces/${ns}/roles`;
    await bed.client.post(`${roles}?fieldManager=hand`, { metadata: { name: 'r' }, rules: [] });
    const { body: first } = await bed.client.patch(`${roles}/r?fieldManager=hand`, MERGE, { rules: [] });
    // Times are kept in whole seconds.
    await sleep(1_100);
    expect((await bed.client.patch(`${roles}/r?fieldManager=hand`, MERGE, { rules: [] })).body).toEqual(first);
  });
});

describe('an item without the key of its list', () => {
  it('costs an object the tracking of its owners', async () => {
    const ns = await bed.client.namespace();
    const accounts = `/api/v1/namespaces/${ns}/serviceaccounts`;
    const { body: made } = await bed.client.post(accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'a' }, secrets: [{ name: 'x' }] });
    expect(made.metadata.managedFields).toHaveLength(1);
    const { status, body } = await bed.client.patch(`${accounts}/a`, JSON_PATCH, [{ op: 'remove', path: '/secrets/0/name' }]);
    expect(status).toBe(200);
    expect(body.secrets).toEqual([{}]);
    expect(body.metadata.managedFields).toBeUndefined();
  });
});

describe('services', () => {
  it('without an address are warned of what does nothing there', async () => {
    const ns = await bed.client.namespace();
    const { status, headers } = await bed.client.post(services(ns), { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { clusterIP: 'None', sessionAffinity: 'ClientIP', ports: [{ port: 80 }] } });
    expect(status).toBe(201);
    expect(headers['warning']).toBe('299 - "spec.SessionAffinity is ignored for headless services"');
  });
  it('are warned of although their name is taken', async () => {
    const ns = await bed.client.namespace();
    const wrong = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }], externalName: 'name.example.test' } };
    await bed.client.post(services(ns), wrong);
    const { status, headers } = await bed.client.post(services(ns), wrong);
    expect(status).toBe(409);
    expect(headers['warning']).toBe('299 - "spec.externalName is ignored when spec.type is not \\"ExternalName\\""');
  });
  it('share a port of the nodes between protocols when they are new, and keep it by its name', async () => {
    const ns = await bed.client.namespace();
    const ports = [{ name: 'tcp', port: 53, protocol: 'TCP' }, { name: 'udp', port: 53, protocol: 'UDP' }];
    const { body: made } = await bed.client.post(services(ns), { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { type: 'NodePort', ports } });
    const [{ nodePort }] = made.spec.ports;
    expect(made.spec.ports[1].nodePort).toBe(nodePort);
    const { body: changed } = await bed.client.put(`${services(ns)}/s`, { ...made, spec: { ...made.spec, ports: [{ name: 'tcp', port: 54 }, { name: 'new', port: 55 }] } });
    expect(changed.spec.ports[0].nodePort).toBe(nodePort);
    expect(changed.spec.ports[1].nodePort).not.toBe(nodePort);
  });
  it('lose the address of their load balancer with the type', async () => {
    const ns = await bed.client.namespace();
    // A class that nobody serves: no cloud writes to it.
    const { body: made } = await bed.client.post(services(ns), { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { type: 'LoadBalancer', loadBalancerClass: 'example.test/nobody', ports: [{ port: 80 }] } });
    const { body: balanced } = await bed.client.patch(`${services(ns)}/s/status`, MERGE, { status: { loadBalancer: { ingress: [{ hostname: 'lb.example.test' }] } } });
    expect(balanced.status.loadBalancer.ingress).toHaveLength(1);
    const { body } = await bed.client.put(`${services(ns)}/s`, { ...made, metadata: balanced.metadata, spec: { ...made.spec, type: 'ClusterIP' } });
    expect(body.status).toEqual({ loadBalancer: {} });
  });
  it('of type ExternalName may not be given an address on the way', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(services(ns), { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } });
    const { status, body } = await bed.client.patch(`${services(ns)}/s`, MERGE, { spec: { type: 'ExternalName', externalName: 'name.example.test', clusterIP: 'None' } });
    expect(status).toBe(422);
    expect(body.details.causes.map(({ field }: { field: string }) => field)).toEqual(['spec.clusterIPs']);
    expect((await bed.client.patch(`${services(ns)}/s`, MERGE, { spec: { type: 'ExternalName', externalName: 'name.example.test' } })).status).toBe(200);
  });
  it('have a port of the nodes once for a protocol', async () => {
    const ns = await bed.client.namespace();
    const ports = ['a', 'b'].map((name) => ({ name, port: 80 }));
    const { status, body } = await bed.client.post(services(ns), { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { type: 'NodePort', ports } });
    expect(status).toBe(422);
    expect(body.details.causes.map(({ field, reason }: { field: string; reason: string }) => `${reason} ${field}`).sort()).toEqual(['FieldValueDuplicate spec.ports[1]', 'FieldValueDuplicate spec.ports[1].nodePort']);
  });
});

describe('templates of pods', () => {
  const templates = (ns: string): string => `/api/v1/namespaces/${ns}/podtemplates`;
  const template = (spec: object) => ({ apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 't' }, template: { metadata: { labels: { app: 't' } }, spec: { containers: [{ name: 'web', image: 'registry.test/a:1' }], ...spec } } });
  it('have one source for a volume, and only the first is looked into', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(templates(ns), template({ volumes: [{ name: 'v', emptyDir: {}, configMap: {} }] }));
    expect(status).toBe(422);
    expect(body.details.causes).toEqual([{ reason: 'FieldValueForbidden', message: 'Forbidden: may not specify more than 1 volume type', field: 'template.spec.volumes[0].configMap' }]);
  });
  it('are warned of ports that containers claim twice, those of init containers too', async () => {
    const ns = await bed.client.namespace();
    const container = (name: string, port: object) => ({ name, image: 'registry.test/a:1', ports: [{ containerPort: 80, ...port }] });
    const { status, headers } = await bed.client.post(templates(ns), template({ initContainers: [container('init', { name: 'http' })], containers: [container('a', { name: 'http' }), container('b', { hostPort: 8080 })] }));
    expect(status).toBe(201);
    const at = (container: string): string => `template.spec.${container}.ports[0]`;
    expect(String(headers['warning']).split(', 299 - ').map((warning) => warning.replace(/^299 - /, '').replaceAll('\\"', "'"))).toEqual([
      `"${at('containers[0]')}: duplicate port definition with ${at('initContainers[0]')}"`,
      `"${at('containers[1]')}: overlapping port definition with ${at('initContainers[0]')}"`,
      `"${at('containers[1]')}: overlapping port definition with ${at('containers[0]')}"`,
      `"${at('containers[0]')}: duplicate port name 'http' with ${at('initContainers[0]')}, services and probes that select ports by name will use ${at('initContainers[0]')}"`,
    ]);
  });
});

describe('what Go leaves out', () => {
  it('is gone from an answer: empty maps, lists, texts and zeros', async () => {
    const ns = await bed.client.namespace();
    const { body } = await bed.client.post(configMaps(ns), { ...configMap('a', {}, {}), immutable: false });
    expect(Object.keys(body).sort()).toEqual(['apiVersion', 'immutable', 'kind', 'metadata']);
    const { body: role } = await bed.client.post(`/apis/rbac.authorization.k8s.io/v1/namespaces/${ns}/roles`, { metadata: { name: 'r' }, rules: [] });
    expect(role.rules).toBeNull();
  });
  it('comes back as it was: an update with what was read changes nothing', async () => {
    const ns = await bed.client.namespace();
    const { body: made } = await bed.client.post(services(ns), { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }], selector: {} } });
    expect(made).toMatchObject({ spec: { type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster', ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }] }, status: { loadBalancer: {} } });
    const { body } = await bed.client.put(`${services(ns)}/s`, made);
    expect(body).toEqual(made);
  });
});

describe('refusals for a while', () => {
  it('answer 429 with a time to wait when a budget holds an eviction', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(deployments(ns), deployment('web'));
    await bed.client.post(`/apis/policy/v1/namespaces/${ns}/poddisruptionbudgets`, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'web' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } } });
    const pods = `/api/v1/namespaces/${ns}/pods`;
    await eventually(async () => (await bed.client.get(`/apis/policy/v1/namespaces/${ns}/poddisruptionbudgets/web`)).body.status?.currentHealthy === 1);
    const { body: list } = await bed.client.get(pods);
    const name = String(list.items[0].metadata.name);
    const { status, headers, body } = await bed.client.post(`${pods}/${name}/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } });
    expect(status).toBe(429);
    expect(body).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'TooManyRequests', code: 429, message: "Cannot evict pod as it would violate the pod's disruption budget.", details: { causes: [{ reason: 'DisruptionBudget' }] } });
    expect(headers['retry-after']).toBe(body.details.retryAfterSeconds === undefined ? undefined : String(body.details.retryAfterSeconds));
  });
});
