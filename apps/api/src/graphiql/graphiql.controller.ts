import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Admission } from '../auth/admission.ts';
import { CSRF_HEADER } from '../auth/credentials.ts';
import { readAsset } from './assets.ts';

/** Scripts and requests from here alone. The editor writes its colours as inline styles, which CSP has no finer word for. */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Meshfleet: GraphiQL</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/graphiql/page.css">
    <script type="module" src="/graphiql/page.js"></script>
  </head>
  <body><div id="graphiql">Loading…</div></body>
</html>
`;

/** An explorer of the API in the browser, for those who are signed in. It asks no other host. */
@Controller()
export class GraphiqlController {
  readonly #admission: Admission;

  constructor(@Inject(Admission) admission: Admission) {
    this.#admission = admission;
  }

  @Get('graphiql')
  async page(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    void secured(reply).header('cache-control', 'no-store');
    try {
      // A page changes nothing: what the header is there to prevent cannot happen here.
      await this.#admission.admit({ id: request.id, headers: { ...request.headers, [CSRF_HEADER]: '1' } });
    } catch {
      await reply.code(401).type('text/plain').send('Sign in first: open the sign-in link that you were given.\n');
      return;
    }
    await reply.type('text/html; charset=utf-8').send(PAGE);
  }

  @Get('graphiql/:file')
  async asset(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { file } = request.params as { file: string };
    const asset = await readAsset(file);
    if (asset === undefined) {
      await reply.code(404).type('text/plain').send('There is no such file.\n');
      return;
    }
    await secured(reply).header('cache-control', 'public, max-age=300').type(asset.type).send(asset.body);
  }
}

function secured(reply: FastifyReply): FastifyReply {
  return reply
    .header('content-security-policy', CSP)
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .header('cross-origin-opener-policy', 'same-origin');
}
