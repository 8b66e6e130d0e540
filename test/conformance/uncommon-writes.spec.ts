import { describe, expect, it } from 'vitest';
import { JSON_PATCH, MERGE, STRATEGIC } from './client.ts';
import { configMap, configMaps, deployment, deployments, services, WIDGET_DEFINITION, widget, widgets } from './objects.ts';
import { withCluster } from './with-cluster.ts';

const bed = withCluster([WIDGET_DEFINITION]);
interface Cause {
  field: string;
  message: string;
}
const causesOf = (body: { details?: { causes?: Cause[] } }): string[] => (body.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);
const accounts = (ns: string): string => `/api/v1/namespaces/${ns}/serviceaccounts`;

/** Writes that few people make, each found by random sequences in which a server and its simulation had differed. */
describe('a first apply to what nobody tracks', () => {
  it('gives it to before-first-apply of the endpoint that is written to', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(widgets(ns), widget('w', { size: 1 }));
    await bed.client.patch(`${widgets(ns)}/w/status`, MERGE, { status: { observed: 1 } });
    await bed.client.patch(`${widgets(ns)}/w`, MERGE, { metadata: { managedFields: [{}] } });
    const { body } = await bed.client.apply(`${widgets(ns)}/w/status`, 'one', { ...widget('w', {}), status: { phase: 'Ready' } });
    const first = body.metadata.managedFields.find(({ manager }: { manager: string }) => manager === 'before-first-apply');
    expect(first).toMatchObject({ operation: 'Update', subresource: 'status' });
  });

  it('is a fault when its lists have items without their keys', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(accounts(ns), { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 's' }, secrets: [{ name: 'x' }] });
    await bed.client.patch(`${accounts(ns)}/s`, JSON_PATCH, [{ op: 'remove', path: '/secrets/0/name' }]);
    const { status, body } = await bed.client.apply(`${accounts(ns)}/s`, 'one', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 's', labels: { a: 'b' } } });
    expect(status).toBe(500);
    expect(body.message).toBe(
      `failed to create manager for existing fields: failed to convert new object (${ns}/s; /v1, Kind=ServiceAccount) to smd typed: .secrets: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn't have default values for any key fields)`,
    );
  });
});

describe('a refusal', () => {
  it('names a status that is null by the path within the status', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(widgets(ns), widget('w', { size: 1 }));
    await bed.client.apply(`${widgets(ns)}/w/status`, 'one', { ...widget('w', {}), status: { phase: 'Ready' } });
    const { status, body } = await bed.client.apply(`${widgets(ns)}/w/status`, 'one', { ...widget('w', {}), status: {} });
    expect(status).toBe(422);
    expect(causesOf(body)).toContain('status: Invalid value: "null":  in body must be of type object: "null"');
  });

  it.each([
    ['a map that was emptied', JSON_PATCH, [{ op: 'remove', path: '/spec/template/metadata/labels/app' }], '{}'],
    ['a map that is gone', JSON_PATCH, [{ op: 'remove', path: '/spec/template/metadata/labels' }], 'null'],
    ['a map whose last key is taken', STRATEGIC, { spec: { template: { metadata: { labels: { app: null } } } } }, '{}'],
  ])('prints %s', async (_what, type, patch, printed) => {
    const ns = await bed.client.namespace();
    await bed.client.post(deployments(ns), deployment('d'));
    const { status, body } = await bed.client.patch(`${deployments(ns)}/d`, type, patch);
    expect(status).toBe(422);
    expect(causesOf(body)).toContain(`spec.template.metadata.labels: Invalid value: ${printed}: \`selector\` does not match template \`labels\``);
  });

  it('prints of a strategic patch what was left of it', async () => {
    const ns = await bed.client.namespace();
    const secrets = `/api/v1/namespaces/${ns}/secrets`;
    await bed.client.post(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', labels: { l: '1' } } });
    const { status, body } = await bed.client.patch(`${secrets}/s`, STRATEGIC, { metadata: { labels: { l: null }, annotations: { x: null } }, data: { a: 'no base64' } });
    expect(status).toBe(422);
    expect(causesOf(body)).toEqual(['patch: Invalid value: "map[data:map[a:no base64] metadata:map[annotations:map[] labels:map[l:<nil>]]]": error decoding from json: illegal base64 data at input byte 2']);
  });

  it('of families without addresses comes before all other faults of a Service', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(services(ns), { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { clusterIP: 'None', ports: [{ port: 80 }] } });
    const unservable = { type: 'NodePort', selector: { app: 'a' }, ports: [{ port: 80, name: 'a' }, { port: 81, name: 'a' }] };
    const kept = await bed.client.patch(`${services(ns)}/s`, MERGE, { spec: unservable });
    const policy = 'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services';
    expect(causesOf(kept.body).sort()).toEqual(['spec.ipFamilies[1]: Invalid value: "IPv6": not configured on this cluster', policy]);
    // Families that an update leaves out are not those of before.
    const { body } = await bed.client.put(`${services(ns)}/s`, { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: unservable });
    expect(causesOf(body)).toEqual([policy]);
  });

  it('of an immutable ConfigMap does not mind data that is empty and was', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), { ...configMap('c'), data: {}, immutable: true });
    const { body } = await bed.client.patch(`${configMaps(ns)}/c`, MERGE, { data: {}, binaryData: {} });
    expect(causesOf(body)).toEqual(['binaryData: Forbidden: field is immutable when `immutable` is set']);
  });
});

describe('a headless Service without a selector', () => {
  it('has one family when its policy says so', async () => {
    const ns = await bed.client.namespace();
    const { body } = await bed.client.post(services(ns), { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { clusterIP: 'None', ipFamilyPolicy: 'SingleStack', ports: [{ port: 80 }] } });
    expect(body.spec.ipFamilies).toEqual(['IPv4']);
  });
});

describe('an apply that lets a dying custom resource go', () => {
  it('answers the metadata as it was applied', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${widgets(ns)}/w`, 'one', { ...widget('w', { size: 1 }), metadata: { name: 'w', finalizers: ['example.test/a'] } });
    await bed.client.delete(`${widgets(ns)}/w`);
    const { status, body } = await bed.client.apply(`${widgets(ns)}/w`, 'one', { ...widget('w', { size: 1 }), metadata: { name: 'w', annotations: {} } });
    expect(status).toBe(200);
    expect(body.metadata.annotations).toEqual({});
  });
});
