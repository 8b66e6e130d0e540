import type { SealJwk, SignJwk } from '@meshfleet/protocol';
import { appendAudit } from '../audit/append-audit.ts';
import type { Tx } from '../connection/sql.ts';
import { announceControl } from './announce-control.ts';

export interface KeyRotation {
  readonly clusterId: string;
  readonly clusterName: string;
  /** Key that signed the request: if it is no longer the cluster's, somebody else was first and nothing changes. */
  readonly formerKid: string;
  readonly signKid: string;
  readonly signJwk: SignJwk;
  readonly sealJwk: SealJwk;
  readonly at: Date;
}

/** Exchanges a cluster's keys; from the commit on the former key is refused. False when it no longer was the cluster's key. */
export async function rotateAgentKeys(tx: Tx, rotation: KeyRotation): Promise<boolean> {
  const { rowCount } = await tx.query(ROTATE, [
    tx.organizationId,
    rotation.clusterId,
    rotation.formerKid,
    rotation.signKid,
    JSON.stringify(rotation.signJwk),
    JSON.stringify(rotation.sealJwk),
  ]);
  if (rowCount === 0) return false;
  announceControl(tx, rotation.clusterId, 'rekeyed');
  await appendAudit(tx, {
    actor: `agent:${rotation.clusterName}`,
    action: 'cluster.keys.rotated',
    target: rotation.clusterId,
    details: { from: rotation.formerKid, to: rotation.signKid },
    at: rotation.at,
  });
  return true;
}

const ROTATE = `
  update cluster set sign_kid = $4, sign_public_jwk = $5, seal_public_jwk = $6, row_version = row_version + 1
  where organization_id = $1 and id = $2 and sign_kid = $3`;
