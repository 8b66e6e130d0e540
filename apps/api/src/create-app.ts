import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { randomUUID } from 'node:crypto';
import { AppModule, type ApiParts } from './app.module.ts';
import { Admission } from './auth/admission.ts';
import { serveEventStream, STREAM_PATH } from './changes/event-stream.ts';
import { refusal } from './graphql/format-errors.ts';
import { Budget } from './limits/budget.ts';
import { nestLogger } from './nest-logger.ts';

/** Routes for which somebody must be signed in, as they are registered. */
const GUARDED = new Set(['/graphql', STREAM_PATH]);

/** The whole API on its parts, ready to listen or to be injected with requests. */
export async function createApp(parts: ApiParts): Promise<NestFastifyApplication> {
  const { config, logger } = parts;
  const adapter = new FastifyAdapter({
    logger: false,
    genReqId: () => randomUUID(),
    bodyLimit: 1024 * 1024,
    requestTimeout: 60_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 500 },
    ...(config.tls === undefined ? {} : { https: config.tls }),
  });
  // Nest's adapter narrows Fastify's types by its own server type.
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  fastify.decorateRequest('scope', null);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(parts), adapter, {
    logger: nestLogger(logger),
    abortOnError: false,
    forceCloseConnections: false,
  });
  const admission = app.get(Admission);
  fastify.addHook('onRequest', (request, reply) => admitOrRefuse(admission, request, reply, logger));
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    request.scope?.end();
    // Answers are somebody's own, some hold secrets that are shown once, and none is a page unless it says so.
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
    void reply.header('x-content-type-options', 'nosniff');
    done();
  });
  serveEventStream(fastify, {
    // Mercurius decorates the instance when the app is initialised.
    schema: () => (fastify as unknown as { graphql: { schema: GraphQLSchema } }).graphql.schema,
    budget: app.get(Budget),
    log: logger,
  });
  app.enableShutdownHooks([]);
  await app.init();
  await fastify.ready();
  return app;
}

async function admitOrRefuse(admission: Admission, request: FastifyRequest, reply: FastifyReply, logger: ApiParts['logger']): Promise<FastifyReply | undefined> {
  if (!GUARDED.has(request.routeOptions.url ?? '')) return undefined;
  const upgrade = request.headers.upgrade?.toLowerCase() === 'websocket';
  try {
    request.scope = upgrade ? ((await admission.admitUpgrade(request)) ?? null) : await admission.admit(request);
    return undefined;
  } catch (error) {
    const { status, body } = refusal(error, request.id, logger);
    // Node no longer looks after a socket that asked for an upgrade: left open, it would hold up the end of the process.
    if (upgrade) reply.raw.once('finish', () => request.raw.socket.destroySoon());
    if (status === 401) void reply.header('www-authenticate', 'Bearer');
    if (status === 503) void reply.header('retry-after', '5');
    return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
  }
}
