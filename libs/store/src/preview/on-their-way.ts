import type { KubeObject } from '@meshfleet/model';
import type { Tx } from '../connection/sql.ts';

/** Those of these objects that the agent of a cluster has not reported. */
export async function findUnreportedObjects(tx: Tx, clusterId: string, keys: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ key: string }>(
    `select w.key from unnest($3::text[]) as w (key)
     where not exists (select from inventory_item i where i.organization_id = $1 and i.cluster_id = $2::uuid and i.object_key = w.key)`,
    [tx.organizationId, clusterId, keys],
  );
  return rows.map(({ key }) => key);
}

export interface UnplacedObject {
  readonly policyId: string;
  readonly key: string;
  readonly body: KubeObject;
}

/**
 * Objects of policies that were accepted a moment ago, in versions that are the same everywhere and go to all clusters at
 * once, and whose clusters nobody has looked up yet. Which of them such an object will reach is not known here.
 */
export async function listUnplacedObjects(tx: Tx, mostPolicies: number, mostObjects: number): Promise<UnplacedObject[]> {
  const { rows } = await tx.query<UnplacedObject>(
    `select p.id as "policyId", o.value->>'key' as key, b.body
     from (select * from policy where organization_id = $1 and not placed and deleted_at is null and stable_version = current_version order by id limit $2) p
     join policy_version v on v.policy_id = p.id and v.version = p.current_version and v.inputs is null
     cross join lateral jsonb_array_elements(v.objects) o
     join object_content b on b.organization_id = $1 and b.hash = o.value->>'hash'
     limit $3`,
    [tx.organizationId, mostPolicies, mostObjects],
  );
  return rows;
}
