import type { OrganizationRow } from '@meshfleet/store';

/** From weakest to strongest: each may do what those before it may. */
export const ROLES = ['VIEWER', 'OPERATOR', 'ADMIN', 'OWNER'] as const;
export type Role = (typeof ROLES)[number];

/** Who a request comes from, as its credentials prove it. What that person or program may do is looked up apart. */
export type Principal = UserPrincipal | TokenPrincipal;

export interface UserPrincipal {
  readonly kind: 'user';
  /** `<issuer>|<subject>` */
  readonly identity: string;
  readonly name?: string;
  readonly email?: string;
  readonly expiresAt: Date;
}

export interface TokenPrincipal {
  readonly kind: 'token';
  readonly tokenId: string;
  readonly organizationId: string;
  readonly name: string;
  readonly role: Exclude<Role, 'OWNER'>;
  readonly expiresAt: Date;
}

/** What a principal may do in one organization. */
export interface Access {
  readonly organizationId: string;
  readonly organization: OrganizationRow;
  readonly role: Role;
}

export function includesRole(held: Role, asked: Role): boolean {
  return ROLES.indexOf(held) >= ROLES.indexOf(asked);
}

/** The actor as audit events and histories name it. */
export function actorOf(principal: Principal): string {
  return principal.kind === 'user' ? `user:${principal.identity}` : `token:${principal.name}`;
}
