import { findApiTokens, type ApiTokenRow } from '@meshfleet/store';
import { formatGlobalId } from '../graphql/global-id.ts';
import { byId } from '../request/by-id.ts';

export const apiTokenById = byId(Symbol('API token'), findApiTokens);

/** An API token as GraphQL's type ApiToken. Its secret is not there: nobody has it but who created it. */
export function apiTokenView({ id, name, role, expiresAt, createdBy, createdAt, revokedAt }: ApiTokenRow) {
  return {
    __typename: 'ApiToken' as const,
    id: formatGlobalId({ type: 'ApiToken', id }),
    name,
    role,
    expiresAt,
    createdBy,
    createdAt,
    revoked: revokedAt !== null,
  };
}
