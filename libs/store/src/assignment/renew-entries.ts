import { UNCOMPILED_REVISION } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';
import { AGENT_TOO_OLD } from '../desired-state/write-policy-status.ts';

/**
 * Lets policies be compiled anew, without what their agents do not understand any longer, for clusters in which an older agent was installed: it refuses
 * a state that asks for more, and everything else with it. Changes nothing in a cluster, so that a freeze need not hold it up.
 */
export function withholdAgain(tx: Tx, clusterIds: readonly string[]): void {
  tx.send(WITHHOLD, [tx.organizationId, clusterIds]);
}

/** Lets policies be compiled anew of which an agent was too old for an object. Returns how many that are. */
export async function renewWithheld(tx: Tx, clusterIds: readonly string[]): Promise<number> {
  if (clusterIds.length === 0) return 0;
  return (await tx.query(RENEW, [tx.organizationId, clusterIds])).rowCount;
}

const WITHHOLD = `
  update policy_cluster x set revision = ${UNCOMPILED_REVISION}, status = 'PENDING', updated_at = now()
  from policy_version v
  where x.organization_id = $1 and x.cluster_id = any($2::uuid[]) and x.version is not null and v.policy_id = x.policy_id and v.version = x.version
    and v.objects @? '$[*] ? (exists (@.mode) || exists (@.takeOver))'`;

const RENEW = `
  update policy_cluster x set revision = ${UNCOMPILED_REVISION}, status = 'PENDING', updated_at = now()
  where x.organization_id = $1 and x.cluster_id = any($2::uuid[]) and x.version is not null and x.revision not in (0, ${UNCOMPILED_REVISION})
    and exists (select from object_condition o where o.cluster_id = x.cluster_id and o.policy_id = x.policy_id and o.reason = '${AGENT_TOO_OLD}')`;
