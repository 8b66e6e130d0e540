import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { HubConnection, Signer } from '../hub/hub-connection.ts';
import type { KindSchemas } from '../observe/kind-schemas.ts';

const compress = promisify(gzip);

/** Sends the schemas that the hub asked for, one after another. */
export async function sendSchemas(hub: HubConnection, signer: () => Signer | undefined, schemas: KindSchemas, digests: readonly string[], signal: AbortSignal): Promise<void> {
  for (const digest of digests) {
    const [kind, by] = [await schemas.read(digest), signer()];
    if (kind === undefined || by === undefined || signal.aborted) continue;
    const body = await compress(Buffer.from(JSON.stringify(kind)));
    await hub.send({ method: 'POST', path: '/agent/v1/schemas', body, headers: { 'content-encoding': 'gzip' }, signer: by, signal });
  }
}
