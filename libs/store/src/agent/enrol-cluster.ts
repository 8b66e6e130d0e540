import { MeshfleetError } from '@meshfleet/model';
import type { SealJwk, SignJwk } from '@meshfleet/protocol';
import { appendAudit } from '../audit/append-audit.ts';
import type { Tx } from '../connection/sql.ts';
import { announceChanged } from '../desired-state/announce.ts';
import { enqueue } from '../outbox/enqueue.ts';
import { announceControl } from './announce-control.ts';
import { redeemJoinToken } from './redeem-join-token.ts';

/** An enrolment whose proof of possession has been verified. */
export interface Enrolment {
  /** Id for the cluster if it is new. */
  readonly newClusterId: string;
  readonly tokenHash: Uint8Array;
  readonly clusterUid: string;
  readonly clusterName: string;
  readonly signKid: string;
  readonly signJwk: SignJwk;
  readonly sealJwk: SealJwk;
  readonly agentVersion: string;
  readonly kubernetesVersion: string;
  readonly at: Date;
}

export interface EnrolledCluster {
  readonly clusterId: string;
  readonly clusterName: string;
  readonly status: 'ACTIVE' | 'PENDING_APPROVAL';
}

/** With the policies that a new agent has yet to carry out again. */
interface AdmittedCluster extends EnrolledCluster {
  readonly unsettledPolicyIds: readonly string[];
}

interface KnownRow {
  id: string;
  name: string;
  lifecycle: string;
  signKid: string;
}

/**
 * Lets a cluster in by a join token: a new one, or one whose UID is known, which stays the same cluster with new keys.
 * An enrolment that is sent again with the same keys, because its answer was lost, is answered again and costs no use.
 * @throws MeshfleetError TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_USED, ALREADY_EXISTS or CLUSTER_QUARANTINED
 */
export async function enrolCluster(tx: Tx, enrolment: Enrolment): Promise<EnrolledCluster> {
  const redeemed = await redeemJoinToken(tx, enrolment.tokenHash);
  if (redeemed instanceof MeshfleetError) return await repeatedEnrolment(tx, enrolment, redeemed);

  const status = redeemed.requireApproval ? 'PENDING_APPROVAL' : 'ACTIVE';
  const cluster = (await insertCluster(tx, enrolment, redeemed.labels, status)) ?? (await renewCluster(tx, enrolment, redeemed.labels, status));
  if (status === 'ACTIVE') {
    await enqueue(tx, 'cluster.changed', { clusterId: cluster.clusterId, reason: 'ENROLLED', actor: `agent:${cluster.clusterName}` });
  }
  announceChanged(tx, { clusterIds: [cluster.clusterId], policyIds: cluster.unsettledPolicyIds });
  await appendAudit(tx, {
    actor: `agent:${cluster.clusterName}`,
    action: 'cluster.enrolled',
    target: cluster.clusterId,
    details: { uid: enrolment.clusterUid, joinToken: redeemed.name, kid: enrolment.signKid, status },
    at: enrolment.at,
  });
  return { clusterId: cluster.clusterId, clusterName: cluster.clusterName, status: cluster.status };
}

/** The key alone proves who asks: whoever holds it could have spoken as this cluster anyway. */
async function repeatedEnrolment(tx: Tx, enrolment: Enrolment, refusal: MeshfleetError): Promise<EnrolledCluster> {
  if (refusal.code !== 'TOKEN_USED') throw refusal;
  const known = await findByUid(tx, enrolment.clusterUid);
  if (known === undefined || known.signKid !== enrolment.signKid) throw refusal;
  if (known.lifecycle !== 'ACTIVE' && known.lifecycle !== 'PENDING_APPROVAL') throw refusal;
  return { clusterId: known.id, clusterName: known.name, status: known.lifecycle };
}

/** Undefined when the UID is known or the name is taken. */
async function insertCluster(tx: Tx, enrolment: Enrolment, labels: object, status: EnrolledCluster['status']): Promise<AdmittedCluster | undefined> {
  const { rowCount } = await tx.query(INSERT, [
    tx.organizationId,
    enrolment.newClusterId,
    enrolment.clusterUid,
    enrolment.clusterName,
    JSON.stringify(labels),
    status,
    ...agentColumns(enrolment),
  ]);
  return rowCount === 1 ? { clusterId: enrolment.newClusterId, clusterName: enrolment.clusterName, status, unsettledPolicyIds: [] } : undefined;
}

async function renewCluster(tx: Tx, enrolment: Enrolment, labels: object, status: EnrolledCluster['status']): Promise<AdmittedCluster> {
  const known = await findByUid(tx, enrolment.clusterUid);
  if (known === undefined) {
    throw new MeshfleetError({
      code: 'ALREADY_EXISTS',
      summary: `Another cluster is already called ${enrolment.clusterName}`,
      fix: 'Choose another name: set MESHFLEET_CLUSTER_NAME.',
      where: { field: ['clusterName'] },
    });
  }
  if (known.lifecycle === 'QUARANTINED') {
    throw new MeshfleetError({
      code: 'CLUSTER_QUARANTINED',
      summary: `The cluster ${known.name} is quarantined`,
      why: 'a join token does not end a quarantine',
      fix: 'Ask an administrator to release it.',
    });
  }
  tx.send(RENEW, [
    tx.organizationId,
    known.id,
    JSON.stringify(labels),
    status,
    ...agentColumns(enrolment),
  ]);
  // A fresh agent has acknowledged nothing yet.
  const unsettled = await tx.query<{ policyId: string }>(UNSETTLE, [tx.organizationId, known.id]);
  announceControl(tx, known.id, 'rekeyed');
  return { clusterId: known.id, clusterName: known.name, status, unsettledPolicyIds: unsettled.rows.map(({ policyId }) => policyId) };
}

/** Keys and versions, in the order of both statements. */
function agentColumns({ signKid, signJwk, sealJwk, agentVersion, kubernetesVersion }: Enrolment): readonly string[] {
  return [signKid, JSON.stringify(signJwk), JSON.stringify(sealJwk), agentVersion, kubernetesVersion];
}

async function findByUid(tx: Tx, uid: string): Promise<KnownRow | undefined> {
  const { rows } = await tx.query<KnownRow>(FIND, [tx.organizationId, uid]);
  return rows[0];
}

const FIND = `
  select id, name, lifecycle, sign_kid as "signKid" from cluster where organization_id = $1 and uid = $2 for no key update`;

const INSERT = `
  insert into cluster (organization_id, id, uid, name, labels, lifecycle, sign_kid, sign_public_jwk, seal_public_jwk,
    agent_version, kubernetes_version, last_seen_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now())
  on conflict do nothing`;

const RENEW = `
  update cluster set labels = labels || $3::jsonb, lifecycle = $4, sign_kid = $5, sign_public_jwk = $6, seal_public_jwk = $7,
    agent_version = $8, kubernetes_version = $9, enrolled_at = now(), last_seen_at = now(), report_seq = 0, inventory_seq = 0, inventoried_revision = 0,
    acked_epoch = 0, acked_revision = 0, acked_digest = null, acked_at = null, row_version = row_version + 1
  where organization_id = $1 and id = $2`;

const UNSETTLE = `
  update policy_cluster set status = 'PENDING', updated_at = now()
  where organization_id = $1 and cluster_id = $2 and status <> 'PENDING' returning policy_id as "policyId"`;
