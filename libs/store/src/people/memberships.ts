import type { Sql, Tx } from '../connection/sql.ts';
import { ORGANIZATION_COLUMNS, type OrganizationRow } from '../organization/organizations.ts';

export type MemberRole = 'OWNER' | 'ADMIN' | 'OPERATOR' | 'VIEWER';

export interface MembershipRow {
  readonly organizationId: string;
  readonly slug: string;
  readonly name: string;
  readonly role: MemberRole;
}

/** A person's memberships in every organization; row-level security admits no other person's. At most 100. */
export async function listMemberships(sql: Sql, identity: string): Promise<MembershipRow[]> {
  const { rows } = await sql.query<MembershipRow>(
    `select o.id as "organizationId", o.slug, o.name, m.role from member m join organization o on o.id = m.organization_id
     where m.identity = $1 order by o.slug limit 100`,
    [identity],
  );
  return rows;
}

/** A person's role in the transaction's organization, with the organization; undefined for those who are no members. */
export async function findAccessOfMember(tx: Tx, identity: string): Promise<OrganizationAccess<MemberRole> | undefined> {
  const { rows } = await tx.query<OrganizationRow & { role: MemberRole }>(
    `select m.role, ${ORGANIZATION_COLUMNS} from member m join organization o on o.id = m.organization_id
     where m.organization_id = $1 and m.identity = $2`,
    [tx.organizationId, identity],
  );
  return accessOfRow(rows[0]);
}

/** What a program's token may do, with the organization; undefined when there is none that counts at this time. */
export async function findAccessOfToken(tx: Tx, tokenId: string, at: Date): Promise<OrganizationAccess<MemberRole> | undefined> {
  const { rows } = await tx.query<OrganizationRow & { role: MemberRole }>(
    `select t.role, ${ORGANIZATION_COLUMNS} from api_token t join organization o on o.id = t.organization_id
     where t.organization_id = $1 and t.id = $2 and t.revoked_at is null and t.expires_at > $3`,
    [tx.organizationId, tokenId, at],
  );
  return accessOfRow(rows[0]);
}

export interface OrganizationAccess<R> {
  readonly role: R;
  readonly organization: OrganizationRow;
}

function accessOfRow<R>(row: (OrganizationRow & { role: R }) | undefined): OrganizationAccess<R> | undefined {
  if (row === undefined) return undefined;
  const { role, ...organization } = row;
  return { role, organization };
}

export interface NewMember {
  readonly id: string;
  readonly identity: string;
  readonly email?: string;
  readonly name?: string;
  readonly role: MemberRole;
}

/** Makes a person a member. The transaction fails with a unique violation when they are one already. */
export function insertMember(tx: Tx, member: NewMember): void {
  tx.send('insert into member (id, organization_id, identity, email, name, role) values ($1, $2, $3, $4, $5, $6)', [
    member.id,
    tx.organizationId,
    member.identity,
    member.email ?? null,
    member.name ?? null,
    member.role,
  ]);
}
