import { listAuditEvents, type AuditRow } from '@meshfleet/store';
import { connectionOf, pageOf, type Connection, type ConnectionArgs } from '../graphql/connection.ts';
import type { RequestScope } from '../request/request-scope.ts';

/** What was changed in the organization, by whom, newest first. */
export async function listAuditEventsOf(scope: RequestScope, args: ConnectionArgs): Promise<Connection<ReturnType<typeof auditView>>> {
  const page = pageOf(args, ['number']);
  const slice = await listAuditEvents(await scope.read(), page);
  return connectionOf(slice, (row) => [row.seq], auditView);
}

function auditView({ seq, at, actor, action, target, details, hash }: AuditRow) {
  return { seq, at, actor, action, target, details, hash: hash.toString('hex') };
}
