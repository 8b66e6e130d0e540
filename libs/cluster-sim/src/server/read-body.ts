import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { decodeProtobuf } from './protobuf/decode.ts';
import { badRequest, requestEntityTooLarge, unsupportedMediaType } from './status-error.ts';

/** kube-apiserver's --max-request-bytes default of 3 MiB. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

export interface Body {
  readonly bytes: Uint8Array;
}

/** Collects a body. 413 past the limit. */
export async function readBody(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw requestEntityTooLarge(`limit is ${MAX_BODY_BYTES}`);
    chunks.push(chunk);
  }
  return { bytes: Buffer.concat(chunks) };
}

/** `application/json` out of `application/json; charset=utf-8`. */
export function mediaTypeOf(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** JSON, YAML or protobuf, by media type; patches are JSON except for apply, which may be either. */
export function parseBody({ bytes }: Body, mediaType: string): unknown {
  if (mediaType === 'application/vnd.kubernetes.protobuf') return decodeProtobuf(bytes);
  if (mediaType.endsWith('cbor')) {
    throw unsupportedMediaType(
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    );
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  try {
    return mediaType.endsWith('yaml') && !/^\s*[{[]/.test(text) ? (parse(text) as unknown) : (JSON.parse(text) as unknown);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'not parseable';
    if (mediaType.endsWith('yaml')) throw badRequest(`error decoding YAML: ${why}`);
    throw badRequest(`the object provided is unrecognized (must be of type object): couldn't get version/kind; json parse error: ${why}`);
  }
}

export function isEmpty({ bytes }: Body): boolean {
  return bytes.byteLength === 0;
}
