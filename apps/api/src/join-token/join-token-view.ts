import type { JoinTokenRow } from '@meshfleet/store';
import { labelsView } from '../cluster/cluster-view.ts';
import { formatGlobalId } from '../graphql/global-id.ts';

/** A join token as GraphQL's type JoinToken. Its secret is not there: nobody has it but who created it. */
export function joinTokenView(row: JoinTokenRow, now: Date) {
  const { name, labels, maxUses, uses, requireApproval, expiresAt, createdBy, createdAt } = row;
  return {
    __typename: 'JoinToken' as const,
    id: formatGlobalId({ type: 'JoinToken', id: row.id }),
    name,
    labels: labelsView(labels),
    maxUses,
    uses,
    requireApproval,
    status: statusOf(row, now),
    expiresAt,
    createdBy,
    createdAt,
  };
}

function statusOf({ revokedAt, uses, maxUses, expiresAt }: JoinTokenRow, now: Date): 'USABLE' | 'USED' | 'EXPIRED' | 'REVOKED' {
  if (revokedAt !== null) return 'REVOKED';
  if (uses >= maxUses) return 'USED';
  return expiresAt.getTime() <= now.getTime() ? 'EXPIRED' : 'USABLE';
}
