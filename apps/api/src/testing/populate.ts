import { contentHash, EXPIRES_AT, type KubeObject } from '@meshfleet/model';
import { digestOf, type DesiredState } from '@meshfleet/protocol';
import { randomUUID } from 'node:crypto';
import { formatGlobalId } from '../graphql/global-id.ts';
import { populateRollout } from './populate-rollout.ts';
import type { TestApi } from './test-api.ts';

/** Global ids of one object of every kind that has one. */
export interface Populated {
  readonly Organization: string;
  readonly Cluster: string;
  readonly Policy: string;
  readonly DesiredState: string;
  readonly JoinToken: string;
  readonly ApiToken: string;
  readonly Rollout: string;
  readonly Freeze: string;
  /** What every text of it holds. */
  readonly mark: string;
  readonly clusterId: string;
  readonly policyId: string;
  /** A program's token with the role ADMIN. */
  readonly apiSecret: string;
}

export const manifest = (name: string, mode = 'STRICT'): string =>
  `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: ${name}, namespace: shop}\nspec: {mtls: {mode: ${mode}}}\n`;

/** One object, of which a field is taken of others. */
const strictly = (mark: string): object => ({
  manifests: manifest(`${mark}-strict`),
  takeOver: [{ object: `PeerAuthentication.security.istio.io/shop/${mark}-strict`, fields: ['.spec.mtls'] }],
});

/** A policy that meets another policy's object, somebody else's, and a host that is not there. */
export const troubled = (mark: string): string =>
  [
    manifest(`${mark}-strict`),
    `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: theirs, namespace: ${mark}}\n`,
    `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: ${mark}, namespace: ${mark}}\nspec: {hosts: [${mark}], http: [{route: [{destination: {host: nowhere}}]}]}\n`,
  ].join('---\n');
/** A preset's policy that is another in each cluster. */
function differing(mark: string): object {
  return {
    preset: { name: 'permissive-mutual-tls', parameters: { target: { scope: 'WORKLOADS', namespace: 'shop', labels: { mark } }, name: `${mark}-strict` } },
    variables: [{ name: 'owner', description: `${mark} owner`, default: mark, values: [{ clusterSelector: `mark=${mark}`, value: `\${cluster.name}-${mark}` }] }],
    patches: [{ clusterSelector: `mark=${mark}`, target: { group: 'security.istio.io', kind: 'PeerAuthentication', namespace: 'shop', name: `${mark}-strict` }, patch: 'metadata: {annotations: {owner: "${var.owner}"}}' }],
  };
}

/** One row of everything, every text of it marked, so that nothing of it can be seen elsewhere without being noticed. */
export async function populate(api: TestApi, organization: { id: string; token: string }, mark: string): Promise<Populated> {
  const { token } = organization;
  const apply = (mode: string) =>
    api.query<{ policyApply: { policy: { id: string } | null; userErrors: object[] } }>(
      token,
      'mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { policy { id } userErrors { message } } }',
      { input: { name: `${mark}-policy`, description: `${mark} description`, ...(mode === 'STRICT' ? strictly(mark) : differing(mark)), defaultNamespace: `${mark}-namespace`, placement: { clusterSelector: `mark=${mark}`, clusterNames: [`${mark}-cluster`], ...(mode === 'STRICT' ? { percent: 50 } : { count: 5 }) }, comment: `${mark} comment` } },
    );
  await apply('PERMISSIVE');
  const Policy = (await apply('STRICT')).data.policyApply.policy?.id ?? '';
  const policyId = Buffer.from(Policy, 'base64url').toString().slice(2);
  const tokens = await api.query<{ j: { joinToken: { id: string } }; a: { apiToken: { id: string }; secret: string } }>(
    token,
    `mutation { j: joinTokenCreate(input: {name: "${mark}-join", labels: [{key: "mark", value: "${mark}"}]}) { joinToken { id } }
       a: apiTokenCreate(input: {name: "${mark}-program", role: ADMIN}) { apiToken { id } secret } }`,
  );
  const clusterId = await insertCluster(api, organization.id, `${mark}-cluster`, { mark });
  await fillCluster(api, organization.id, clusterId, policyId, mark);
  const rollout = await populateRollout(api, organization.id, clusterId, policyId, mark);
  return {
    ...rollout,
    Organization: formatGlobalId({ type: 'Organization', id: organization.id }),
    Cluster: formatGlobalId({ type: 'Cluster', id: clusterId }),
    Policy,
    DesiredState: formatGlobalId({ type: 'DesiredState', id: clusterId, revision: 2 }),
    JoinToken: tokens.data.j.joinToken.id,
    ApiToken: tokens.data.a.apiToken.id,
    mark,
    clusterId,
    policyId,
    apiSecret: tokens.data.a.secret,
  };
}

export async function insertCluster(api: TestApi, organizationId: string, name: string, labels: Record<string, string>, lifecycle = 'ACTIVE'): Promise<string> {
  const id = randomUUID();
  const facts = { meshes: [{ flavour: 'ISTIO', revision: `${name}-rev`, version: '1.28.0', namespace: 'istio-system' }] };
  await api.db.admin.query(
    `insert into cluster (id, organization_id, uid, name, labels, region, zone, network, mesh, lifecycle, sign_kid, sign_public_jwk, seal_public_jwk,
       agent_version, kubernetes_version, node_count, facts, last_seen_at)
     values ($1, $2, $3, $4, $5, $6, $6 || '-a', $6 || '-net', $6 || '-mesh', $7, $3, '{}', '{}', '0.1.0', 'v1.34.0', 3, $8, now())`,
    [id, organizationId, `uid-${name}`, name, JSON.stringify(labels), name, lifecycle, JSON.stringify(facts)],
  );
  return id;
}

async function fillCluster(api: TestApi, organizationId: string, clusterId: string, policyId: string, mark: string): Promise<void> {
  const { query } = api.db.admin;
  const object = (value: string): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${mark}-map`, namespace: mark, annotations: { [EXPIRES_AT]: '2999-01-01T00:00:00Z' } }, data: { value } });
  const states: DesiredState[] = [];
  for (const value of ['one', 'two']) {
    const body = object(`${mark} ${value}`);
    const hash = contentHash(body);
    await query('insert into object_content (organization_id, hash, body, size) values ($1, $2, $3, 1)', [organizationId, hash, JSON.stringify(body)]);
    states.push({ entries: [{ key: `ConfigMap/${mark}/${mark}-map`, hash, policyId, drift: 'CORRECT', conflicts: 'REPORT' }], tombstones: [{ key: `Secret/${mark}/gone`, policyId }] });
  }
  for (const [index, state] of states.entries()) {
    const digest = digestOf(state);
    await query('insert into desired_state_body (organization_id, digest, body) values ($1, $2, $3)', [organizationId, digest, JSON.stringify(state)]);
    await query(
      `insert into desired_state (organization_id, cluster_id, revision, epoch, digest, object_count, tombstone_count, cause, shares, acked_at)
       values ($1, $2, $3, 1, $4, 1, 1, $5, $6, '2026-11-26T12:00:00Z')`,
      [organizationId, clusterId, index + 1, digest, JSON.stringify([{ action: 'ASSIGNED', policyId, version: index + 1, actor: `user:${mark}` }]), JSON.stringify(state.entries.map(({ key, hash }) => [key, [{ policyId, hash, fields: [`.metadata.labels.${mark}`], drift: 'CORRECT', conflicts: 'REPORT' }]]))],
    );
    await query('update cluster set desired_revision = $2, desired_digest = $3, acked_epoch = 1, acked_revision = $2, acked_at = now() where id = $1', [clusterId, index + 1, digest]);
  }
  await query(
    `insert into policy_cluster (organization_id, policy_id, cluster_id, version, revision, status, object_count, expires_at) values ($1, $2, $3, 2, 2, 'DRIFTED', 1, '2999-01-01T00:00:00Z')`,
    [organizationId, policyId, clusterId],
  );
  await query(
    `insert into object_condition (organization_id, cluster_id, policy_id, object_key, status, reason, message, manager, fields, revision, observed_at, changers)
     values ($1, $2, $3, $4, 'DRIFTED', 'Changed', $5, $5, '["data.value"]', 2, now(), jsonb_build_array(jsonb_build_object('manager', $5::text, 'at', now())))`,
    [organizationId, clusterId, policyId, `ConfigMap/${mark}/${mark}-map`, `${mark} manager`],
  );
  const inventory = {
    [`Service/${mark}/${mark}`]: { mark },
    [`PeerAuthentication.security.istio.io/${mark}/theirs`]: { managedBy: `${mark} manager`, spec: {} },
  };
  for (const [key, body] of Object.entries(inventory)) {
    const [kind = '', namespace = '', name = ''] = key.split('/');
    await query(`insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body) values ($1, $2, $3, $4, $5, $6, $7)`, [
      organizationId,
      clusterId,
      key,
      kind.split('.')[0],
      namespace,
      name,
      JSON.stringify(body),
    ]);
  }
}
