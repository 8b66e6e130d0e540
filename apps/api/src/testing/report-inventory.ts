import type { TestApi } from './test-api.ts';

/** Has a cluster report these objects, by key with the body that an agent would send, as if nothing else were in it. */
export async function reportInventory(api: TestApi, organizationId: string, clusterId: string, inventory: Readonly<Record<string, object>>): Promise<void> {
  const { query } = api.db.admin;
  await query('delete from inventory_item where cluster_id = $1', [clusterId]);
  for (const [key, body] of Object.entries(inventory)) {
    const parts = key.split('/');
    const name = parts.at(-1) ?? '';
    await query(`insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body) values ($1, $2, $3, $4, $5, $6, $7)`, [
      organizationId,
      clusterId,
      key,
      parts[0]?.split('.')[0],
      parts.length === 3 ? parts[1] : '',
      name,
      JSON.stringify(body),
    ]);
  }
  await query('update cluster set inventory_seq = inventory_seq + 1 where id = $1', [clusterId]);
}
