import { describe, expect, it } from 'vitest';
import { eventually } from './client.ts';
import { configMap, configMaps } from './objects.ts';
import { withCluster } from './with-cluster.ts';

const bed = withCluster();
const rbac = '/apis/rbac.authorization.k8s.io/v1';

async function account(ns: string, rules: unknown[]): Promise<string> {
  await bed.client.post(`/api/v1/namespaces/${ns}/serviceaccounts`, { metadata: { name: 'sa' } });
  await bed.client.post(`${rbac}/namespaces/${ns}/roles`, { metadata: { name: 'role' }, rules });
  await bed.client.post(`${rbac}/namespaces/${ns}/rolebindings`, {
    metadata: { name: 'binding' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'role' },
    subjects: [{ kind: 'ServiceAccount', name: 'sa', namespace: ns }],
  });
  return bed.cluster.createToken({ namespace: ns, name: 'sa' });
}

describe('who you are', () => {
  it('refuses a token that is none with 401', async () => {
    const { status, body } = await bed.client.get(configMaps('default'), { token: 'nonsense' });
    expect(status).toBe(401);
    expect(body).toMatchObject({ kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized', code: 401 });
  });
  it('lets nobody without a token read, and names them anonymous', async () => {
    const { status, body } = await bed.client.get(configMaps('default'), { token: null });
    expect(status).toBe(403);
    expect(body.message).toBe('configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" in the namespace "default"');
  });
  it('mints a token for an audience with an expiry, and tells whose it is', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(`/api/v1/namespaces/${ns}/serviceaccounts`, { metadata: { name: 'sa' } });
    const { status, body } = await bed.client.post(`/api/v1/namespaces/${ns}/serviceaccounts/sa/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: ['mesh'], expirationSeconds: 600 } });
    expect(status).toBe(201);
    const claims = JSON.parse(Buffer.from(String(body.status.token).split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ aud: ['mesh'], sub: `system:serviceaccount:${ns}:sa`, 'kubernetes.io': { namespace: ns, serviceaccount: { name: 'sa' } } });
    expect(claims.exp - claims.iat).toBe(600);
    expect((await bed.client.get(configMaps(ns), { token: body.status.token })).status).toBe(401);
    const { body: review } = await bed.client.post('/apis/authentication.k8s.io/v1/tokenreviews', { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: body.status.token, audiences: ['mesh'] } });
    expect(review.status).toMatchObject({ authenticated: true, audiences: ['mesh'], user: { username: `system:serviceaccount:${ns}:sa`, groups: expect.arrayContaining(['system:serviceaccounts', `system:serviceaccounts:${ns}`, 'system:authenticated']) } });
  });
  it('refuses an expiry under ten minutes', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(`/api/v1/namespaces/${ns}/serviceaccounts`, { metadata: { name: 'sa' } });
    const { status } = await bed.client.post(`/api/v1/namespaces/${ns}/serviceaccounts/sa/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 60 } });
    expect(status).toBe(422);
  });
  it('no longer takes the token of an account that is gone', async () => {
    const ns = await bed.client.namespace();
    const token = await account(ns, [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }]);
    await eventually(async () => (await bed.client.get(configMaps(ns), { token })).status === 200);
    await bed.client.delete(`/api/v1/namespaces/${ns}/serviceaccounts/sa`);
    await eventually(async () => (await bed.client.get(configMaps(ns), { token })).status === 401);
  });
});

describe('what you may do', () => {
  it('follows the role, and says what is missing', async () => {
    const ns = await bed.client.namespace();
    const token = await account(ns, [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }]);
    await eventually(async () => (await bed.client.get(configMaps(ns), { token })).status === 200);
    const { status, body } = await bed.client.post(configMaps(ns), configMap('a'), { token });
    expect(status).toBe(403);
    expect(body).toMatchObject({
      reason: 'Forbidden',
      message: `configmaps is forbidden: User "system:serviceaccount:${ns}:sa" cannot create resource "configmaps" in API group "" in the namespace "${ns}"`,
    });
    const named = await bed.client.delete(`${configMaps(ns)}/a`, undefined, { token });
    expect(named.body.message).toBe(`configmaps "a" is forbidden: User "system:serviceaccount:${ns}:sa" cannot delete resource "configmaps" in API group "" in the namespace "${ns}"`);
    expect((await bed.client.get(configMaps('default'), { token })).status).toBe(403);
  });
  it('can be narrowed to names', async () => {
    const ns = await bed.client.namespace();
    const token = await account(ns, [{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['mine'], verbs: ['get'] }]);
    await bed.client.post(configMaps(ns), configMap('mine'));
    await eventually(async () => (await bed.client.get(`${configMaps(ns)}/mine`, { token })).status === 200);
    expect((await bed.client.get(`${configMaps(ns)}/other`, { token })).status).toBe(403);
  });
  it('applies need patch, and create for what is not there', async () => {
    const ns = await bed.client.namespace();
    const token = await account(ns, [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'patch'] }]);
    await eventually(async () => (await bed.client.get(`${configMaps(ns)}/x`, { token })).status === 404);
    const { status } = await bed.client.patch(`${configMaps(ns)}/x?fieldManager=one`, 'application/apply-patch+yaml', configMap('x'), { token });
    expect(status).toBe(403);
  });
  it('can be asked beforehand', async () => {
    const ns = await bed.client.namespace();
    const token = await account(ns, [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }]);
    const ask = async (verb: string): Promise<unknown> =>
      (await bed.client.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: { namespace: ns, verb, resource: 'configmaps' } } }, { token })).body.status.allowed;
    await eventually(async () => (await ask('list')) === true);
    expect(await ask('delete')).toBe(false);
  });
  it('does not let a role be made that gives more than its maker has', async () => {
    const ns = await bed.client.namespace();
    const token = await account(ns, [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['create'] }]);
    await eventually(async () => (await bed.client.post(`${rbac}/namespaces/${ns}/roles?dryRun=All`, { metadata: { name: 'none' }, rules: [] }, { token })).status === 201);
    const { status, body } = await bed.client.post(`${rbac}/namespaces/${ns}/roles`, { metadata: { name: 'more' }, rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] }, { token });
    expect(status).toBe(403);
    expect(body.message).toContain('is attempting to grant RBAC permissions not currently held');
  });
});
