import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { MeshfleetError } from '@meshfleet/model';
import type { z } from 'zod';

const inflate = { gzip: promisify(gunzip), zstd: promisify(zstdDecompress) };

/**
 * What a body says, if it says what the schema wants.
 * @param limit bytes after decompression: a small body must not unpack to all memory
 * @throws MeshfleetError INVALID_INPUT, LIMIT_EXCEEDED or PROTOCOL_UNSUPPORTED
 */
export async function readBody<T>(bytes: Uint8Array, encoding: string | undefined, schema: z.ZodType<T>, limit: number): Promise<T> {
  const text = await readText(bytes, encoding, limit);
  const parsed = check(schema, parseJson(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.map(String) ?? [];
  if (field[0] === 'protocol') {
    throw new MeshfleetError({ code: 'PROTOCOL_UNSUPPORTED', summary: 'This hub speaks version 1 of the protocol', fix: 'Install the agent that belongs to this hub.' });
  }
  throw new MeshfleetError({
    code: 'INVALID_INPUT',
    summary: `The body is not as it should be${field.length === 0 ? '' : ` at ${field.join('.')}`}`,
    ...(issue === undefined ? {} : { why: issue.message }),
    fix: 'Install the agent that belongs to this hub.',
    where: { field },
  });
}

function check<T>(schema: z.ZodType<T>, value: unknown): z.ZodSafeParseResult<T> {
  try {
    return schema.safeParse(value);
  } catch (cause) {
    if (cause instanceof RangeError) throw unreadable('it is nested too deeply');
    throw cause;
  }
}

async function readText(bytes: Uint8Array, encoding: string | undefined, limit: number): Promise<string> {
  const raw = encoding === undefined || encoding === 'identity' ? bytes : await decompress(bytes, encoding, limit);
  if (raw.length > limit) throw tooLarge(limit);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(raw);
  } catch {
    throw unreadable('it is not UTF-8');
  }
}

async function decompress(bytes: Uint8Array, encoding: string, limit: number): Promise<Uint8Array> {
  if (encoding !== 'gzip' && encoding !== 'zstd') throw unreadable(`the encoding ${encoding} is not known; send gzip, zstd or identity`);
  try {
    return await inflate[encoding](bytes, { maxOutputLength: limit });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(limit);
    throw unreadable(`it is not whole ${encoding}`);
  }
}

// Postgres stores neither NUL nor halves of surrogate pairs, and JSON can say both.
const UNSTORABLE = /\\u(0000|[dD][89abAB])/;

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return UNSTORABLE.test(text) ? storable(value) : value;
  } catch {
    throw unreadable('it is not JSON');
  }
}

function storable(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\ufffd');
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [storable(key), storable(member)]));
}

function tooLarge(limit: number): MeshfleetError {
  return new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: `The body is larger than ${limit} bytes`, fix: 'Split it.' });
}

function unreadable(why: string): MeshfleetError {
  return new MeshfleetError({ code: 'INVALID_INPUT', summary: 'The body cannot be read', why, fix: 'Send JSON, plain or compressed as Content-Encoding says.' });
}
