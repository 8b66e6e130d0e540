import { createHash } from 'node:crypto';
import { MeshfleetError } from '@meshfleet/model';
import { decrypt, encrypt, ENCRYPTION_OVERHEAD } from './aes-gcm.ts';
import type { Custody } from './custody.ts';
import type { RandomBytes } from './random-bytes.ts';

// Envelope: "MFC1" | id of the key-encryption key (8) | data key, wrapped (12 + 32 + 16) | secret, sealed (12 + n + 16).
// Every secret has a data key of its own, so that a change of the key-encryption key rewraps 32 bytes and nothing more.
const MAGIC = Buffer.from('MFC1');
const KEY_ID = 8;
const KEY = 32;
const WRAPPED = KEY + ENCRYPTION_OVERHEAD;
const HEAD = MAGIC.length + KEY_ID;

export interface LocalCustodyOptions {
  /** Key-encryption key: 32 random bytes. Seals and opens. */
  readonly key: Uint8Array;
  /** Former keys: open what they sealed, until everything is rewrapped. */
  readonly formerKeys?: readonly Uint8Array[];
  readonly random: RandomBytes;
}

/** Custody by a key in memory, from a file or the environment. @throws MeshfleetError CONFIG_INVALID */
export function createLocalCustody({ key, formerKeys = [], random }: LocalCustodyOptions): Custody {
  const keys = new Map([key, ...formerKeys].map((each) => [idOf(each), each]));
  const keyId = idOf(key);

  function wrap(dataKey: Uint8Array, context: string): Buffer {
    const head = Buffer.concat([MAGIC, Buffer.from(keyId, 'hex')]);
    return Buffer.concat([head, encrypt(key, dataKey, bound(head, context), random)]);
  }

  function unwrap(envelope: Uint8Array, context: string): { id: string; dataKey: Buffer; sealed: Uint8Array } {
    const head = envelope.subarray(0, HEAD);
    if (envelope.length < HEAD + WRAPPED + ENCRYPTION_OVERHEAD || !MAGIC.equals(envelope.subarray(0, MAGIC.length))) throw changed();
    const id = Buffer.from(head.subarray(MAGIC.length)).toString('hex');
    const held = keys.get(id);
    if (held === undefined) throw unknownKey(id, [...keys.keys()]);
    const dataKey = decrypt(held, envelope.subarray(HEAD, HEAD + WRAPPED), bound(head, context));
    if (dataKey === undefined) throw changed();
    return { id, dataKey, sealed: envelope.subarray(HEAD + WRAPPED) };
  }

  return {
    keyId,
    seal(secret, context) {
      const dataKey = random(KEY);
      return Promise.resolve(Buffer.concat([wrap(dataKey, context), encrypt(dataKey, secret, Buffer.from(context), random)]));
    },
    // Async functions, so that a failure is always a rejection.
    async open(envelope, context) {
      const { dataKey, sealed } = unwrap(envelope, context);
      const secret = decrypt(dataKey, sealed, Buffer.from(context));
      if (secret === undefined) throw changed();
      return await Promise.resolve(secret);
    },
    async rewrap(envelope, context) {
      const { id, dataKey, sealed } = unwrap(envelope, context);
      return await Promise.resolve(id === keyId ? undefined : Buffer.concat([wrap(dataKey, context), sealed]));
    },
  };
}

function bound(head: Uint8Array, context: string): Buffer {
  return Buffer.concat([head, Buffer.from(context)]);
}

/** A key is random: its hash names it and gives nothing of it away. */
function idOf(key: Uint8Array): string {
  if (key.length !== KEY) {
    throw new MeshfleetError({
      code: 'CONFIG_INVALID',
      summary: `The key-encryption key has ${key.length} bytes and not ${KEY}`,
      fix: 'Set MESHFLEET_KEY or MESHFLEET_KEY_FILE to 32 random bytes in base64: openssl rand -base64 32',
    });
  }
  return createHash('sha256').update('meshfleet key-encryption key').update(key).digest('hex').slice(0, KEY_ID * 2);
}

function unknownKey(id: string, here: readonly string[]): MeshfleetError {
  return new MeshfleetError({
    code: 'CONFIG_INVALID',
    summary: 'A stored secret was sealed by another key-encryption key',
    why: `it needs the key ${id}; this process has ${here.join(', ')}`,
    fix: 'Set MESHFLEET_KEY or MESHFLEET_KEY_FILE to the key that this database was made with.',
  });
}

function changed(): MeshfleetError {
  return new MeshfleetError({
    code: 'STATE_CORRUPT',
    summary: 'A stored secret cannot be opened',
    why: 'it was cut or changed, or it belongs to another row',
    fix: 'Restore the row from a backup.',
  });
}
