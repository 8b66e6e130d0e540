import type { Sql, Tx } from '../connection/sql.ts';

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

/** A person's role in the transaction's organization; undefined for those who are no members. */
export async function roleOfMember(tx: Tx, identity: string): Promise<MemberRole | undefined> {
  const { rows } = await tx.query<{ role: MemberRole }>('select role from member where organization_id = $1 and identity = $2', [
    tx.organizationId,
    identity,
  ]);
  return rows[0]?.role;
}

export interface NewMember {
  readonly id: string;
  readonly identity: string;
  readonly email?: string;
  readonly name?: string;
  readonly role: MemberRole;
}

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
