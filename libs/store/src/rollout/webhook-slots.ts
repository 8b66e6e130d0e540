import type { Tx } from '../connection/sql.ts';

/** How long a call may take before its slot counts as left behind: longer than any call does. */
const LEFT_AFTER_SECONDS = 20;

/** Takes one of so many slots of the organization for a call of a webhook; false when all are taken. */
export async function takeWebhookSlot(tx: Tx, holder: string, most: number): Promise<boolean> {
  // One after another, and each with a look of its own: of two at once the second would find only the first one's slot.
  tx.send('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`webhook/${tx.organizationId}`]);
  const { rowCount } = await tx.query(TAKE, [tx.organizationId, holder, most, LEFT_AFTER_SECONDS]);
  return rowCount > 0;
}

export function leaveWebhookSlot(tx: Tx, holder: string): void {
  tx.send('delete from webhook_slot where organization_id = $1 and holder = $2', [tx.organizationId, holder]);
}

const TAKE = `
  insert into webhook_slot (organization_id, slot, holder, until)
  select $1, n, $2, clock_timestamp() + make_interval(secs => $4) from generate_series(1, $3::int) n
  where n not in (select s.slot from webhook_slot s where s.organization_id = $1 and s.until > clock_timestamp())
  order by n limit 1
  on conflict (organization_id, slot) do update set holder = excluded.holder, until = excluded.until where webhook_slot.until <= clock_timestamp()`;
