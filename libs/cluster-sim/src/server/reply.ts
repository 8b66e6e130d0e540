import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { stringify } from 'yaml';
import type { Wanted } from './media-type.ts';
import type { StatusError } from './status-error.ts';

const compress = promisify(gzip);
/** Smaller answers are not worth it; kube-apiserver's own threshold. */
const GZIP_THRESHOLD_BYTES = 128 * 1024;

/** Writes a whole answer. Large ones are compressed for who takes that. Answers the number of body bytes. */
export async function reply(request: IncomingMessage, response: ServerResponse, code: number, body: string, wanted: Wanted, warnings: readonly string[] = [], contentType?: string): Promise<number> {
  const text = wanted.format === 'yaml' ? stringify(JSON.parse(body)) : body;
  let bytes: Uint8Array = Buffer.from(text, 'utf8');
  for (const warning of warnings) response.appendHeader('Warning', `299 - ${quoted(warning)}`);
  response.setHeader('Content-Type', contentType ?? (wanted.format === 'yaml' ? 'application/yaml' : 'application/json'));
  response.setHeader('Cache-Control', 'no-cache, private');
  if (bytes.byteLength > GZIP_THRESHOLD_BYTES && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) {
    bytes = await compress(bytes, { level: constants.Z_BEST_SPEED });
    response.setHeader('Content-Encoding', 'gzip');
    response.setHeader('Vary', 'Accept-Encoding');
  }
  response.setHeader('Content-Length', bytes.byteLength);
  response.writeHead(code);
  response.end(request.method === 'HEAD' ? undefined : bytes);
  return bytes.byteLength;
}

/** Writes a refusal as the Status that it is. */
export function replyError(request: IncomingMessage, response: ServerResponse, error: StatusError): Promise<number> {
  const retryAfter = error.status.details?.retryAfterSeconds;
  if (retryAfter !== undefined) response.setHeader('Retry-After', String(retryAfter));
  if (error.status.code === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  return reply(request, response, error.status.code, JSON.stringify(error.status), { format: 'json' }, error.warnings);
}

export function replyText(response: ServerResponse, code: number, text: string): number {
  response.writeHead(code, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(text), 'X-Content-Type-Options': 'nosniff' });
  response.end(text);
  return Buffer.byteLength(text);
}

/** RFC 7234 warn-text; control characters would break the header. */
function quoted(text: string): string {
  return `"${text.replace(/[\u0000-\u001f\u007f-\uffff]+/g, ' ').replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
