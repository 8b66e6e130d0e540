import type { KubeObject } from '@meshfleet/model';
import type { DesiredState, SignJwk } from '@meshfleet/protocol';
import type { Tx } from '../connection/sql.ts';

/** Desired states by digest; those that retention has removed are left out. */
export async function loadStates(tx: Tx, digests: readonly string[]): Promise<ReadonlyMap<string, DesiredState>> {
  const { rows } = await tx.query<{ digest: string; body: DesiredState }>(
    'select digest, body from desired_state_body where organization_id = $1 and digest = any($2::text[])',
    [tx.organizationId, digests],
  );
  return new Map(rows.map(({ digest, body }) => [digest, body]));
}

/** Kubernetes objects by content hash. */
export async function loadContents(tx: Tx, hashes: readonly string[]): Promise<ReadonlyMap<string, KubeObject>> {
  const { rows } = await tx.query<{ hash: string; body: KubeObject }>(
    'select hash, body from object_content where organization_id = $1 and hash = any($2::text[])',
    [tx.organizationId, hashes],
  );
  return new Map(rows.map(({ hash, body }) => [hash, body]));
}

export interface OrganizationKeyRow {
  readonly kid: string;
  readonly publicJwk: SignJwk;
  readonly privateEnvelope: Uint8Array;
  readonly active: boolean;
}

/** All keys of the organization, the one that signs now first. */
export async function loadOrganizationKeys(tx: Tx): Promise<readonly OrganizationKeyRow[]> {
  const { rows } = await tx.query<OrganizationKeyRow>(
    `select kid, public_jwk as "publicJwk", private_envelope as "privateEnvelope", active from organization_key
     where organization_id = $1 order by active desc, created_at desc, kid`,
    [tx.organizationId],
  );
  return rows;
}
