import type { OrganizationRow } from '@meshfleet/store';
import { formatGlobalId } from '../graphql/global-id.ts';
import type { RequestScope } from '../request/request-scope.ts';


/** An organization as GraphQL's type Organization, with the scope through which its lists are read. */
export function organizationView(row: OrganizationRow, scope: RequestScope) {
  const { slug, name, epoch, mode, createdAt } = row;
  return { __typename: 'Organization' as const, scope, id: formatGlobalId({ type: 'Organization', id: row.id }), slug, name, epoch, mode, createdAt };
}

export type OrganizationView = ReturnType<typeof organizationView>;
