import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';

const PATH = '/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit';
/** RateLimitResponse with overall_code OK or OVER_LIMIT: one varint field, behind gRPC's flag and length. */
const OK = Buffer.from([0, 0, 0, 0, 2, 0x08, 1]);
const OVER_LIMIT = Buffer.from([0, 0, 0, 0, 2, 0x08, 2]);

/**
 * Envoy's rate-limit protocol at its smallest: so many requests pass for each distinct question, and none after that. What a
 * question says is not read; the same descriptors in the same domain make the same bytes.
 */
export function createRateLimitServer(limit: number): Http2Server {
  const counts = new Map<string, number>();
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => undefined); // the caller went away
    stream.on('end', () => {
      const known = headers[':path'] === PATH;
      const question = Buffer.concat(chunks).toString('latin1');
      const count = (counts.get(question) ?? 0) + 1;
      counts.set(question, count);
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => {
        stream.sendTrailers({ 'grpc-status': known ? '0' : '12' });
      });
      stream.end(known ? (count > limit ? OVER_LIMIT : OK) : undefined);
    });
  });
  return server;
}
