import type { KubeObject } from '@meshfleet/model';
import type { DesiredState } from '@meshfleet/protocol';
import type { Tx } from '../connection/sql.ts';

/** Desired states by digest; those that retention has removed are left out. */
export async function loadStates(tx: Tx, digests: readonly string[]): Promise<ReadonlyMap<string, DesiredState>> {
  const { rows } = await tx.query<{ digest: string; body: DesiredState }>(
    'select digest, body from desired_state_body where organization_id = $1 and digest = any($2::text[])',
    [tx.organizationId, digests],
  );
  return new Map(rows.map(({ digest, body }) => [digest, body]));
}

/** Kubernetes objects by content hash; those that are not stored are left out. */
export async function loadContents(tx: Tx, hashes: readonly string[]): Promise<ReadonlyMap<string, KubeObject>> {
  const { rows } = await tx.query<{ hash: string; body: KubeObject }>(
    'select hash, body from object_content where organization_id = $1 and hash = any($2::text[])',
    [tx.organizationId, hashes],
  );
  return new Map(rows.map(({ hash, body }) => [hash, body]));
}

export interface ObjectContent {
  /** `contentHash` of the body. */
  readonly hash: string;
  readonly body: KubeObject;
}

/** Stores objects, each once by its hash, all in one statement. In one order, so that two that share bodies never deadlock. */
export function storeContents(tx: Tx, contents: readonly ObjectContent[]): void {
  const unique = [...new Map(contents.map((content) => [content.hash, content])).values()].sort((a, b) => (a.hash < b.hash ? -1 : 1));
  const bodies = unique.map((content) => JSON.stringify(content.body));
  tx.send(
    `insert into object_content (organization_id, hash, body, size)
     select $1, w.hash, w.body::jsonb, w.size from unnest($2::text[], $3::text[], $4::int[]) as w (hash, body, size)
     on conflict (organization_id, hash) do nothing`,
    [tx.organizationId, unique.map((content) => content.hash), bodies, bodies.map((body) => Buffer.byteLength(body))],
  );
}
