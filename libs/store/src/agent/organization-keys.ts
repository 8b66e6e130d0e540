import type { SignJwk } from '@meshfleet/protocol';
import type { Tx } from '../connection/sql.ts';

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
