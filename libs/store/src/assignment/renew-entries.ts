import { UNCOMPILED_REVISION } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';

/**
 * Lets policies be compiled anew for clusters whose agents have come to understand more of a desired state than before, or less: those policies alone
 * that have an object which not every agent understands.
 */
export function renewEntriesOf(tx: Tx, clusterIds: readonly string[]): void {
  tx.send(RENEW, [tx.organizationId, clusterIds]);
}

const RENEW = `
  update policy_cluster x set revision = ${UNCOMPILED_REVISION}, status = 'PENDING', updated_at = now()
  from policy_version v
  where x.organization_id = $1 and x.cluster_id = any($2::uuid[]) and x.version is not null and v.policy_id = x.policy_id and v.version = x.version
    and v.objects @? '$[*] ? (exists (@.mode) || exists (@.takeOver))'`;
