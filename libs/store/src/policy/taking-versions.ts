import { rowsOfClusters, type PlacedCluster } from '../cluster/placed-clusters.ts';
import type { Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import type { PolicyVersionRow } from './policy-versions.ts';

/** A version that takes fields of others, and the clusters that hold it. */
export interface TakingVersion extends Pick<PolicyVersionRow, 'version' | 'objects' | 'conflicts'> {
  readonly clusters: readonly PlacedCluster[];
}

/** Of the versions of a policy that these clusters hold, those that may take fields of other managers. */
export async function findTakingVersions(tx: Tx, clusters: readonly PlacedCluster[], policyId: string): Promise<TakingVersion[]> {
  const values = new Values([tx.organizationId]);
  const { rows } = await tx.query<TakingVersion>(
    `select v.version, v.objects, v.conflicts, h.clusters from (
       select x.version, jsonb_agg(jsonb_build_object('id', l.id, 'name', l.name) order by l.name) as clusters from (${rowsOfClusters(clusters, values)}) l
       join policy_cluster x on x.cluster_id = l.id and x.policy_id = ${values.add(policyId)}::uuid and x.organization_id = $1 and x.version is not null group by x.version) h
     join policy_version v on v.policy_id = ${values.add(policyId)}::uuid and v.version = h.version and v.organization_id = $1
     where v.conflicts = 'FORCE' or jsonb_path_exists(v.objects, '$[*] ? (exists (@.takeOver) || @.conflicts == "FORCE")') order by v.version`,
    values.list,
  );
  return rows;
}

/** An object that was there before a policy adopted it, and clusters in which it was. */
export interface AdoptedObject {
  readonly key: string;
  readonly clusters: readonly string[];
}

/** Which of these objects of a policy these clusters had before it, as they reported; of agents that do not say what they adopted, all that they applied. */
export async function findAdoptedObjects(tx: Tx, clusters: readonly PlacedCluster[], policyId: string, keys: readonly string[]): Promise<AdoptedObject[]> {
  if (keys.length === 0) return [];
  const values = new Values([tx.organizationId]);
  const { rows } = await tx.query<AdoptedObject>(
    `select i.object_key as key, array_agg(l.name order by l.name) as clusters from (${rowsOfClusters(clusters, values)}) l
     join cluster c on c.id = l.id and c.organization_id = $1
     join inventory_item i on i.organization_id = $1 and i.cluster_id = l.id and i.object_key = any(${values.add(keys)}::text[])
     where i.body->>'managedBy' = 'meshfleet' and coalesce(i.body->>'policyId', ${values.add(policyId)}) = ${values.add(policyId)}
       and (i.body->'adopted' = 'true' or coalesce(c.facts->'features' ? 'INVENTORY_AS_OF', false) is false)
     group by i.object_key order by i.object_key`,
    values.list,
  );
  return rows;
}
