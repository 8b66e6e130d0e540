import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { KubeClient } from '@meshfleet/kube';
import * as z from 'zod';
import { secretFile } from '../identity/secret-file.ts';
import type { SecretFile } from '../identity/secret-file.ts';
import type { HeldState } from './held-state.ts';
import { NOTHING_HELD, parseHeld, serializeHeld } from './held-state.ts';

/** With more objects left open than this the state counts as unprocessed: the head has no room for their names. */
const MOST_OPEN = 1_000;
const CHUNK_BYTES = 700 * 1024; // a Secret takes 1 MiB, and base64 adds a third
export const STATE_SECRET = 'meshfleet-agent-state';

const headSchema = z.object({
  version: z.literal(1),
  slot: z.enum(['a', 'b']),
  chunks: z.number(),
  sha256: z.string(),
  /** Kept in the head as well: should the chunks be lost, what was accepted before is still refused. */
  place: z.object({ epoch: z.number(), revision: z.number(), digest: z.string().optional(), issuedAt: z.string().optional() }),
  /** Place that was processed to its end; behind `place` when the agent died on the way. */
  processed: z.object({ epoch: z.number(), revision: z.number(), open: z.array(z.string()).optional() }).optional(),
});
type Head = z.infer<typeof headSchema>;

export interface StoredState {
  readonly held: HeldState;
  /** Every object of it had been tried once; `open` are those that could not be applied. */
  readonly processed: { readonly open: ReadonlySet<string> } | undefined;
}

/** The accepted state across restarts: gzipped in Secrets of the agent's own namespace. */
export interface StateStore {
  load(): Promise<StoredState>;
  /** The head is written last: a crash in between leaves the state that was there before. */
  save(held: HeldState): Promise<void>;
  markProcessed(held: HeldState, open: readonly string[]): Promise<void>;
}

const compress = promisify(gzip);
const decompress = promisify(gunzip);

export function createStateStore(client: KubeClient, namespace: string): StateStore {
  const headFile = secretFile(client, namespace, STATE_SECRET);
  const chunkFiles = new Map<string, SecretFile>();
  let head: Head | undefined;

  const chunkFile = (slot: 'a' | 'b', index: number): SecretFile => {
    const name = `${STATE_SECRET}-${slot}-${String(index)}`;
    const file = chunkFiles.get(name) ?? secretFile(client, namespace, name);
    chunkFiles.set(name, file);
    return file;
  };
  const saveHead = async (next: Head) => {
    await headFile.write(Buffer.from(JSON.stringify(next)));
    head = next;
  };

  return {
    async load() {
      const content = await headFile.read();
      head = content === undefined ? undefined : readHead(content);
      if (head === undefined) return { held: NOTHING_HELD, processed: undefined };
      const parts: Buffer[] = [];
      for (let index = 0; index < head.chunks; index += 1) parts.push((await chunkFile(head.slot, index).read()) ?? Buffer.alloc(0));
      const packed = Buffer.concat(parts);
      const held = sha256(packed) === head.sha256 ? parseHeld((await decompress(packed)).toString('utf8')) : undefined;
      // Lost bodies are fetched anew in full; the place is kept, so that nothing older can be slipped in meanwhile.
      if (held === undefined) return { held: { ...NOTHING_HELD, ...head.place }, processed: undefined };
      const { processed } = head;
      // An agent that did not note what it could not apply may have been refused anything: what is ours, the marks tell.
      const known = processed?.epoch === held.epoch && processed.revision === held.revision && processed.open !== undefined;
      return { held, processed: known ? { open: new Set(processed.open) } : undefined };
    },
    async save(held) {
      const packed = await compress(serializeHeld(held), { level: 3 });
      const slot = head?.slot === 'a' ? 'b' : 'a';
      const chunks = Math.ceil(packed.length / CHUNK_BYTES);
      for (let index = 0; index < chunks; index += 1) {
        const file = chunkFile(slot, index);
        await file.read();
        await file.write(packed.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES));
      }
      const { epoch, revision, digest, issuedAt } = held;
      const place = { epoch, revision, ...(digest === undefined ? {} : { digest }), ...(issuedAt === undefined ? {} : { issuedAt }) };
      await saveHead({ version: 1, slot, chunks, sha256: sha256(packed), place, ...(head?.processed === undefined ? {} : { processed: head.processed }) });
    },
    async markProcessed(held, open) {
      const known = head?.processed?.epoch === held.epoch && head.processed.revision === held.revision && head.processed.open !== undefined;
      if (head === undefined || known || open.length > MOST_OPEN) return;
      await saveHead({ ...head, processed: { epoch: held.epoch, revision: held.revision, open: [...open] } });
    },
  };
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function readHead(content: Buffer): Head | undefined {
  try {
    const parsed = headSchema.safeParse(JSON.parse(content.toString('utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
