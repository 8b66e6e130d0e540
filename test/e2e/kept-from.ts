import type { TestApi } from '../../apps/api/src/testing/test-api.ts';

/** Objects that older policies keep from this one, as the hub tells who looks at the policy; `CLUSTER KEY` of each, sorted. */
export async function keptFrom(api: TestApi, organizationId: string, policy: string): Promise<string[]> {
  const { rows } = await api.db.admin.query<{ what: string }>(
    `select c.name || ' ' || x.object_key as what from object_condition x join cluster c on c.id = x.cluster_id join policy p on p.id = x.policy_id
     where p.organization_id = $1 and p.name = $2 and p.deleted_at is null and x.reason = 'ObjectClaimedByOtherPolicy'`,
    [organizationId, policy],
  );
  return rows.map(({ what }) => what).sort();
}
