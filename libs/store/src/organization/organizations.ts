import type { Tx } from '../connection/sql.ts';
import { resumeRollouts } from '../rollout/resume-rollouts.ts';

export interface OrganizationRow {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly epoch: number;
  readonly mode: 'ENFORCE' | 'OBSERVE';
  readonly createdAt: Date;
}

export const ORGANIZATION_COLUMNS = `o.id, o.slug, o.name, o.epoch, o.mode, o.created_at as "createdAt"`;

/** The transaction's own organization, which must exist. */
export async function readOrganization(tx: Tx): Promise<OrganizationRow> {
  const { rows } = await tx.query<OrganizationRow>(`select ${ORGANIZATION_COLUMNS} from organization o where o.id = $1`, [tx.organizationId]);
  // The transaction's scope was found through a row that cannot vanish while members exist.
  return rows[0] as OrganizationRow;
}

/** Whether the transaction's organization is there already. */
export async function organizationExists(tx: Tx): Promise<boolean> {
  const { rowCount } = await tx.query('select 1 from organization where id = $1', [tx.organizationId]);
  return rowCount > 0;
}

export interface NewOrganization {
  readonly slug: string;
  readonly name: string;
  readonly createdAt: Date;
}

/** Creates the transaction's own organization. Rejects with a unique violation when the slug is taken. */
export async function insertOrganization(tx: Tx, organization: NewOrganization): Promise<void> {
  await tx.query('insert into organization (id, slug, name, created_at) values ($1, $2, $3, $4)', [
    tx.organizationId,
    organization.slug,
    organization.name,
    organization.createdAt,
  ]);
}

export interface NewOrganizationKey {
  readonly id: string;
  readonly kid: string;
  readonly publicJwk: object;
  /** The private key under the key-encryption key. */
  readonly privateEnvelope: Uint8Array;
  readonly createdAt: Date;
}

/** Stores a key that signs desired states; the private half only under the key-encryption key. */
export function insertOrganizationKey(tx: Tx, key: NewOrganizationKey): void {
  tx.send(
    `insert into organization_key (id, organization_id, kid, public_jwk, private_envelope, created_at) values ($1, $2, $3, $4, $5, $6)`,
    [key.id, tx.organizationId, key.kid, JSON.stringify(key.publicJwk), key.privateEnvelope, key.createdAt],
  );
}

/** True when the organization was observing and now enforces. */
export async function resumeOrganization(tx: Tx): Promise<boolean> {
  const { rowCount } = await tx.query(`update organization set mode = 'ENFORCE' where id = $1 and mode = 'OBSERVE'`, [tx.organizationId]);
  if (rowCount > 0) resumeRollouts(tx);
  return rowCount > 0;
}
