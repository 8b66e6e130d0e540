import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import type { InProcessCluster } from '../fixtures/in-process-cluster.ts';
import { createInProcessCluster, TEST_NOW } from '../fixtures/in-process-cluster.ts';
import { mapAt, textAt } from '../kinds/field.ts';
import type { UserInfo } from '../seam.ts';
import { StatusError } from '../server/status-error.ts';

const GROUP = 'rbac.authorization.k8s.io';
const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const ROBOT: UserInfo = { name: 'system:serviceaccount:shop:robot', groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'] };
const ADMIN: UserInfo = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };

let cluster: InProcessCluster;
let now: Date;
beforeEach(async () => {
  now = TEST_NOW;
  cluster = createInProcessCluster({ now: () => now });
  await cluster.settle();
  cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  cluster.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot', namespace: 'shop' } });
});
afterEach(() => cluster.stop());

const role = (name: string, rules: unknown[], namespace = 'shop'): KubeObject => ({ apiVersion: `${GROUP}/v1`, kind: 'Role', metadata: { name, namespace }, rules });
const bindRobot = (name: string, roleRef: { kind: string; name: string }, namespace = 'shop'): KubeObject => ({
  apiVersion: `${GROUP}/v1`, kind: 'RoleBinding', metadata: { name, namespace },
  roleRef: { apiGroup: GROUP, ...roleRef }, subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'shop' }],
});
const READ_PODS = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] };
const allowed = (verb: string, resource: string, namespace: string, group = '') => cluster.auth.authorizer.authorize(ROBOT, { verb, group, version: 'v1', resource, namespace });

function refusal(write: () => unknown): string {
  try {
    write();
  } catch (error) {
    if (error instanceof StatusError) return `${error.status.code} ${error.status.message ?? ''}`;
    throw error;
  }
  return 'accepted';
}

describe('authorization', () => {
  it('gives a role in its own namespace alone, says through what, and takes it back with the binding', () => {
    cluster.create(role('reader', [READ_PODS]));
    cluster.create(bindRobot('robot', { kind: 'Role', name: 'reader' }));
    expect(allowed('list', 'pods', 'shop')).toEqual({ allowed: true, reason: 'RBAC: allowed by RoleBinding "robot/shop" of Role "reader" to ServiceAccount "robot/shop"' });
    expect(allowed('list', 'pods', 'default')).toEqual({ allowed: false, reason: '' });
    expect(allowed('delete', 'pods', 'shop').allowed).toBe(false);
    cluster.delete(GROUP, 'rolebindings', 'robot', 'shop');
    expect(allowed('list', 'pods', 'shop').allowed).toBe(false);
  });

  it('bounds a ClusterRole by the namespace of its RoleBinding', async () => {
    cluster.create(bindRobot('viewer', { kind: 'ClusterRole', name: 'view' }));
    await cluster.settle();
    expect(allowed('get', 'configmaps', 'shop').allowed).toBe(true);
    expect(allowed('get', 'secrets', 'shop').allowed).toBe(false);
    expect(allowed('get', 'configmaps', 'kube-system').allowed).toBe(false);
  });

  it('names the role that a binding misses', () => {
    cluster.create(bindRobot('broken', { kind: 'ClusterRole', name: 'nothing' }), ADMIN);
    expect(allowed('get', 'pods', 'shop')).toEqual({ allowed: false, reason: 'RBAC: clusterrole.rbac.authorization.k8s.io "nothing" not found' });
  });

  it('lets everyone who is signed in discover, and nobody who is not see more than the version', () => {
    const path = (user: UserInfo, nonResourcePath: string) => cluster.auth.authorizer.authorize(user, { verb: 'get', nonResourcePath }).allowed;
    const anonymous: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
    expect([path(ROBOT, '/apis/apps/v1'), path(ROBOT, '/version'), path(ROBOT, '/metrics')]).toEqual([true, true, false]);
    expect([path(anonymous, '/version'), path(anonymous, '/healthz'), path(anonymous, '/apis')]).toEqual([true, true, false]);
  });
});

describe('escalation', () => {
  beforeEach(() => {
    cluster.create(role('writer', [READ_PODS, { apiGroups: [GROUP], resources: ['roles', 'rolebindings'], verbs: ['create', 'update', 'patch'] }]));
    cluster.create(bindRobot('writer', { kind: 'Role', name: 'writer' }));
  });

  it('is refused: nobody writes a role with rights that they lack', () => {
    expect(refusal(() => cluster.create(role('mine', [READ_PODS]), ROBOT))).toBe('accepted');
    expect(refusal(() => cluster.create(role('more', [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }]), ROBOT))).toBe(
      '403 roles.rbac.authorization.k8s.io "more" is forbidden: user "system:serviceaccount:shop:robot" (groups=["system:serviceaccounts" "system:serviceaccounts:shop" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
    );
  });

  it('is refused by binding too: nobody hands on a role that is more than theirs', () => {
    expect(refusal(() => cluster.create(bindRobot('admin', { kind: 'ClusterRole', name: 'cluster-admin' }), ROBOT))).toContain('is attempting to grant RBAC permissions not currently held');
    expect(refusal(() => cluster.create(bindRobot('same', { kind: 'Role', name: 'writer' }), ROBOT))).toBe('accepted');
  });

  it('is allowed to those who may escalate or bind', () => {
    cluster.create(role('trusted', [{ apiGroups: [GROUP], resources: ['roles'], verbs: ['escalate'] }, { apiGroups: [GROUP], resources: ['clusterroles'], verbs: ['bind'], resourceNames: ['edit'] }]));
    cluster.create(bindRobot('trusted', { kind: 'Role', name: 'trusted' }));
    expect(refusal(() => cluster.create(role('more', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]), ROBOT))).toBe('accepted');
    expect(refusal(() => cluster.create(bindRobot('editor', { kind: 'ClusterRole', name: 'edit' }), ROBOT))).toBe('accepted');
  });
});

describe('tokens', () => {
  const request = (body: Record<string, unknown>, user = ADMIN) =>
    cluster.auth.virtual(cluster.info('', 'serviceaccounts'), 'token')?.handle({
      info: cluster.info('', 'serviceaccounts'), subresource: 'token', namespace: 'shop', name: 'robot', user, dryRun: false, store: cluster.store,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: body },
    }) ?? Promise.reject(new TypeError('not served'));

  it('are minted on request, and prove the account until it is deleted', async () => {
    const answer = await request({ audiences: [], expirationSeconds: 600 });
    const token = textAt(answer, 'status', 'token') ?? '';
    expect(answer['status']).toMatchObject({ expirationTimestamp: '2026-03-01T12:10:00Z' });
    expect(await cluster.auth.authenticator.authenticate(token)).toMatchObject({ name: ROBOT.name, groups: ROBOT.groups });
    cluster.delete('', 'serviceaccounts', 'robot', 'shop');
    cluster.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot', namespace: 'shop' } });
    expect(await cluster.auth.authenticator.authenticate(token)).toBeUndefined();
  });

  it('expire', async () => {
    const token = await cluster.auth.issueToken({ namespace: 'shop', name: 'robot' }, { expirationSeconds: 600 });
    now = new Date(TEST_NOW.getTime() + 600_000);
    expect(await cluster.auth.authenticator.authenticate(token)).toBeUndefined();
  });

  it('for another audience do not open the API', async () => {
    const token = await cluster.auth.issueToken({ namespace: 'shop', name: 'robot' }, { audiences: ['istio-ca'] });
    expect(await cluster.auth.authenticator.authenticate(token)).toBeUndefined();
  });

  it('die with the object that they are bound to', async () => {
    const secret = cluster.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'holder', namespace: 'shop' } });
    const bound = await request({ boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 'holder', uid: secret.metadata.uid } });
    const token = textAt(bound, 'status', 'token') ?? '';
    expect(await cluster.auth.authenticator.authenticate(token)).toMatchObject({ name: ROBOT.name });
    cluster.delete('', 'secrets', 'holder', 'shop');
    expect(await cluster.auth.authenticator.authenticate(token)).toBeUndefined();
  });

  it('are refused when asked for too short, for no object, or for an object of another uid', async () => {
    await expect(request({ expirationSeconds: 60 })).rejects.toThrow('spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes');
    await expect(request({ boundObjectRef: { kind: 'Pod', name: 'none' } })).rejects.toThrow('pods "none" not found');
    const secret = cluster.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'holder', namespace: 'shop' } });
    await expect(request({ boundObjectRef: { kind: 'Secret', name: secret.metadata.name, uid: 'other' } })).rejects.toThrow('the UID in the bound object reference (other) does not match');
  });

  it('fill Secrets of service accounts, as istioctl asks for them, and go with the account', async () => {
    cluster.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'long', namespace: 'shop', annotations: { 'kubernetes.io/service-account.name': 'robot' } }, type: 'kubernetes.io/service-account-token' });
    await expect.poll(() => mapAt(cluster.get('', 'secrets', 'long', 'shop'), 'data')['token']).toBeTypeOf('string');
    const token = Buffer.from(textAt(cluster.get('', 'secrets', 'long', 'shop'), 'data', 'token') ?? '', 'base64').toString();
    expect(await cluster.auth.authenticator.authenticate(token)).toMatchObject({ name: ROBOT.name });
    cluster.delete('', 'serviceaccounts', 'robot', 'shop');
    expect(cluster.get('', 'secrets', 'long', 'shop')).toBeUndefined();
  });
});

describe('reviews', () => {
  const review = (group: string, plural: string, spec: Record<string, unknown>, user = ROBOT, namespace?: string): Promise<KubeObject> => {
    const info = cluster.info(group, plural);
    const handler = cluster.auth.virtual(info);
    expect(handler, plural).toBeDefined();
    return Promise.resolve().then(() => handler!.handle({ info, user, dryRun: false, store: cluster.store, ...(namespace === undefined ? {} : { namespace }), body: { apiVersion: `${group}/v1`, kind: info.kind, metadata: {}, spec } }));
  };

  it('answer for oneself, for another and for a namespace', async () => {
    cluster.create(role('reader', [READ_PODS]));
    cluster.create(bindRobot('robot', { kind: 'Role', name: 'reader' }));
    const resourceAttributes = { verb: 'get', resource: 'pods', namespace: 'shop' };
    expect((await review('authorization.k8s.io', 'selfsubjectaccessreviews', { resourceAttributes }))['status']).toMatchObject({ allowed: true });
    expect((await review('authorization.k8s.io', 'subjectaccessreviews', { user: 'somebody', resourceAttributes }))['status']).toEqual({ allowed: false });
    expect((await review('authorization.k8s.io', 'localsubjectaccessreviews', { user: ROBOT.name, resourceAttributes }, ADMIN, 'shop'))['status']).toMatchObject({ allowed: true });
    const rules = await review('authorization.k8s.io', 'selfsubjectrulesreviews', { namespace: 'shop' });
    expect(rules['status']).toMatchObject({ incomplete: false });
    expect(mapAt(rules, 'status')['resourceRules']).toContainEqual({ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] });
  });

  it('refuse questions that ask nothing or both', async () => {
    await expect(review('authorization.k8s.io', 'selfsubjectaccessreviews', {})).rejects.toThrow('exactly one of nonResourceAttributes or resourceAttributes must be specified');
    await expect(review('authorization.k8s.io', 'subjectaccessreviews', { resourceAttributes: { verb: 'get' } })).rejects.toThrow('at least one of user or group must be specified');
  });

  it('tell whom a token proves, and for which audience', async () => {
    const token = await cluster.auth.issueToken({ namespace: 'shop', name: 'robot' }, { audiences: ['istio-ca'] });
    const ask = async (spec: Record<string, unknown>) => (await review('authentication.k8s.io', 'tokenreviews', spec))['status'];
    expect(await ask({ token, audiences: ['istio-ca', 'other'] })).toMatchObject({ authenticated: true, audiences: ['istio-ca'], user: { username: ROBOT.name } });
    expect(await ask({ token, audiences: [ISSUER] })).not.toHaveProperty('authenticated');
    expect(await ask({ token: 'junk' })).toHaveProperty('error');
    expect((await review('authentication.k8s.io', 'selfsubjectreviews', {}))['status']).toMatchObject({ userInfo: { username: ROBOT.name } });
  });
});

describe('evictions', () => {
  const evict = (name: string): Promise<KubeObject> => {
    const info = cluster.info('', 'pods');
    return Promise.resolve().then(() => cluster.auth.virtual(info, 'eviction')!.handle({ info, subresource: 'eviction', namespace: 'shop', name, user: ADMIN, dryRun: false, store: cluster.store, body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } } }));
  };

  it('ask the disruption budget first', async () => {
    cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'only', namespace: 'shop', labels: { app: 'a' } }, spec: { containers: [{ name: 'x', image: 'x' }] } });
    cluster.create({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'a', namespace: 'shop' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'a' } } } });
    await cluster.settle();
    await expect(evict('only')).rejects.toThrow("Cannot evict pod as it would violate the pod's disruption budget.");
    cluster.delete('policy', 'poddisruptionbudgets', 'a', 'shop');
    expect(await evict('only')).toMatchObject({ status: 'Success' });
    await cluster.settle();
    expect(cluster.get('', 'pods', 'only', 'shop')).toBeUndefined();
  });
});
