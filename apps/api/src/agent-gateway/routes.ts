import { contentHash, MeshfleetError } from '@meshfleet/model';
import {
  enrolRequestSchema,
  EVIDENCE_HEADER,
  HUB_ACCEPTS,
  kindName,
  KIND_SCHEMA_LIMIT,
  POLL_WAIT,
  REPORT_LIMIT,
  reportSchema,
  rotateKeysRequestSchema,
  servedKindSchema,
  SIGNATURE_HEADER,
  TASK_LIMIT,
  taskAnswerSchema,
  verifyRequestBody,
} from '@meshfleet/protocol';
import type { ReportResponse, TaskTaken } from '@meshfleet/protocol';
import { insertKindSchema } from '@meshfleet/store';
import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import { checkLifecycle } from './authenticate.ts';
import type { AuthenticatedAgent, Authenticator } from './authenticate.ts';
import { chooseEncoding } from './deliver-state.ts';
import type { DeliverState } from './deliver-state.ts';
import type { Enrol } from './enrol.ts';
import type { GatewayContext } from './gateway-context.ts';
import { toHttpError } from './http-error.ts';
import type { Listen } from './listen.ts';
import { readBody } from './read-body.ts';
import type { ReportBatcher } from './report-batcher.ts';
import { rotateKeys } from './rotate-keys.ts';
import type { Sightings } from './sightings.ts';
import { answerTask, takeTasks } from './tasks.ts';

export interface RouteParts {
  readonly context: GatewayContext;
  readonly authenticator: Authenticator;
  readonly sightings: Sightings;
  readonly batcher: ReportBatcher;
  readonly listen: Listen;
  readonly deliverState: DeliverState;
  readonly enrol: Enrol;
}

/** Schemas that an agent is asked for at once. */
const MOST_WANTED = 1_000;
/** Enough for keys, proofs and names. */
const SMALL = 64 * 1024;

/**
 * The agents' endpoints. Who speaks is settled before the body is read, and the body is held against the signature as
 * the bytes that came, before anything unpacks or parses it.
 */
export function agentRoutes(parts: RouteParts): FastifyPluginCallback {
  return (fastify, _options, done) => {
    const agents = new WeakMap<FastifyRequest, AuthenticatedAgent>();
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, ready) => ready(null, body));
    fastify.setErrorHandler((error, request, reply) => refuse(parts.context, error, request, reply));

    /** Runs before the body is read. */
    async function authenticate(request: FastifyRequest): Promise<void> {
      const { authorization } = request.headers;
      const agent = await parts.authenticator.authenticate({ authorization, method: request.method, path: request.raw.url ?? request.url });
      parts.sightings.saw(agent.organizationId, agent.cluster.id);
      agents.set(request, agent);
    }

    function agentOf(request: FastifyRequest): AuthenticatedAgent {
      const agent = agents.get(request);
      if (agent === undefined) throw new MeshfleetError({ code: 'UNAUTHENTICATED', summary: 'The request is not signed', fix: 'Send Authorization: Meshfleet <token signed by the agent’s key>.' });
      verifyRequestBody(agent.token, bytesOf(request));
      return agent;
    }

    addEnrol(fastify, parts);
    addListen(fastify, parts, authenticate, agentOf);
    addState(fastify, parts, authenticate, agentOf);
    addReport(fastify, parts, authenticate, agentOf);
    addSchemas(fastify, parts, authenticate, agentOf);
    addTasks(fastify, parts, authenticate, agentOf);
    addKeys(fastify, parts, authenticate, agentOf);
    done();
  };
}

type Authenticate = (request: FastifyRequest) => Promise<void>;
type AgentOf = (request: FastifyRequest) => AuthenticatedAgent;

function addEnrol(fastify: FastifyInstance, { enrol }: RouteParts): void {
  fastify.post('/agent/v1/enroll', { bodyLimit: SMALL }, async (request) => {
    const body = await readBody(bytesOf(request), request.headers['content-encoding'], enrolRequestSchema, SMALL);
    return await enrol.run(body, request.ip);
  });
}

function addListen(fastify: FastifyInstance, { listen }: RouteParts, authenticate: Authenticate, agentOf: AgentOf): void {
  fastify.get<{ Querystring: Record<string, unknown> }>('/agent/v1/stream', { onRequest: authenticate }, async (request, reply) => {
    const agent = agentOf(request);
    const cursor = headerOf(request, 'last-event-id') ?? queryOf(request, 'cursor') ?? '0.0';
    await listen.stream(agent, { cursor, evidence: headerOf(request, EVIDENCE_HEADER) }, reply.raw, () => reply.hijack());
    return reply;
  });

  fastify.get<{ Querystring: Record<string, unknown> }>('/agent/v1/poll', { onRequest: authenticate }, async (request, reply) => {
    const agent = agentOf(request);
    const wait = Number(queryOf(request, 'wait') ?? POLL_WAIT);
    if (!Number.isFinite(wait) || wait < 0) throw new MeshfleetError({ code: 'INVALID_INPUT', summary: 'wait is not a number of seconds', fix: `Send a number from 0 to ${POLL_WAIT}.`, where: { field: ['wait'] } });
    void reply.header('cache-control', 'no-store');
    return await listen.poll(agent, { cursor: queryOf(request, 'cursor') ?? '0.0', evidence: headerOf(request, EVIDENCE_HEADER), wait });
  });
}

function addState(fastify: FastifyInstance, { deliverState }: RouteParts, authenticate: Authenticate, agentOf: AgentOf): void {
  fastify.get<{ Querystring: Record<string, unknown> }>('/agent/v1/state', { onRequest: authenticate }, async (request, reply) => {
    const have = queryOf(request, 'have') ?? 'none';
    if (have !== 'none' && !/^[0-9a-f]{64}$/.test(have)) throw new MeshfleetError({ code: 'INVALID_INPUT', summary: 'have is neither a digest nor none', fix: 'Send the digest of the state that you hold, 64 characters of hexadecimal, or none.', where: { field: ['have'] } });
    const encoding = chooseEncoding(headerOf(request, 'accept-encoding'));
    const state = await deliverState.run(agentOf(request), have === 'none' ? undefined : have, encoding);
    void reply.headers({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', vary: 'accept-encoding', [SIGNATURE_HEADER]: state.signature });
    if (state.encoding !== 'identity') void reply.header('content-encoding', state.encoding);
    return await reply.send(state.body);
  });
}

function addReport(fastify: FastifyInstance, { batcher }: RouteParts, authenticate: Authenticate, agentOf: AgentOf): void {
  const admit = async (request: FastifyRequest): Promise<void> => {
    batcher.checkRoom(Number(request.headers['content-length'] ?? 0));
    await authenticate(request);
  };
  fastify.post('/agent/v1/report', { onRequest: admit, bodyLimit: REPORT_LIMIT }, async (request): Promise<ReportResponse> => {
    const { cluster, organizationId } = agentOf(request);
    checkLifecycle(cluster, 'act');
    const bytes = bytesOf(request);
    const report = await readBody(bytes, request.headers['content-encoding'], reportSchema, REPORT_LIMIT);
    const answer = await batcher.submit(organizationId, cluster.id, report, bytes.length);
    if (answer === undefined) throw new MeshfleetError({ code: 'FORBIDDEN', summary: `The cluster ${cluster.name} was cut off while it reported`, fix: 'Ask an administrator whether it was quarantined or evicted.' });
    return { seq: answer.seq, ...(answer.resyncInventory ? { resyncInventory: true } : {}), ...(answer.wantSchemas === undefined ? {} : { wantSchemas: [...answer.wantSchemas].slice(0, MOST_WANTED) }), accepts: [...HUB_ACCEPTS] };
  });
}

function addTasks(fastify: FastifyInstance, { context }: RouteParts, authenticate: Authenticate, agentOf: AgentOf): void {
  fastify.get('/agent/v1/tasks', { onRequest: authenticate }, async (request, reply) => {
    void reply.header('cache-control', 'no-store');
    return await takeTasks(context, agentOf(request));
  });

  fastify.post<{ Params: { id: string } }>('/agent/v1/tasks/:id', { onRequest: authenticate, bodyLimit: TASK_LIMIT }, async (request): Promise<TaskTaken> => {
    const agent = agentOf(request);
    const { id } = request.params;
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) throw new MeshfleetError({ code: 'NOT_FOUND', summary: 'There is no such task', fix: 'Answer the tasks that GET /agent/v1/tasks lists, under their ids.' });
    const answer = await readBody(bytesOf(request), request.headers['content-encoding'], taskAnswerSchema, TASK_LIMIT);
    return await answerTask(context, agent, id, answer);
  });
}

/** The schemas of one kind, as the report's answer asked for: kept under their digest, whoever sends them. */
function addSchemas(fastify: FastifyInstance, { context }: RouteParts, authenticate: Authenticate, agentOf: AgentOf): void {
  fastify.post('/agent/v1/schemas', { onRequest: authenticate, bodyLimit: KIND_SCHEMA_LIMIT }, async (request) => {
    const { cluster, organizationId } = agentOf(request);
    checkLifecycle(cluster, 'act');
    const body = await readBody(bytesOf(request), request.headers['content-encoding'], servedKindSchema, KIND_SCHEMA_LIMIT);
    const digest = contentHash(body);
    const kept = await context.store.transaction(organizationId, (tx) => insertKindSchema(tx, digest, body));
    if (kept === 'UNASKED') throw new MeshfleetError({ code: 'INVALID_INPUT', summary: `No cluster reports that it serves ${kindName(body)} with these schemas`, fix: 'Report their digest in facts.kindSchemas first, and send what the answer asks for.' });
    if (kept === 'FULL') throw new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: 'The organization has too many schemas', fix: 'Nothing to do: manifests are checked against the schemas that are known.' });
    return { digest };
  });
}

function addKeys(fastify: FastifyInstance, { context }: RouteParts, authenticate: Authenticate, agentOf: AgentOf): void {
  fastify.post('/agent/v1/keys', { onRequest: authenticate, bodyLimit: SMALL }, async (request) => {
    const agent = agentOf(request);
    checkLifecycle(agent.cluster, 'act');
    const body = await readBody(bytesOf(request), request.headers['content-encoding'], rotateKeysRequestSchema, SMALL);
    return await rotateKeys(context, agent, body);
  });
}

function refuse({ clock, random, logger }: GatewayContext, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, body, retryAfter, unexpected } = toHttpError(error, clock(), random);
  if (unexpected) logger.error({ err: error, method: request.method, path: request.routeOptions.url }, 'a request of an agent failed');
  if (retryAfter !== undefined) void reply.header('retry-after', String(retryAfter));
  // A body that was refused may not have been read: the connection cannot be used again.
  if (status === 413) void reply.header('connection', 'close');
  void reply.status(status).send(body);
}

function bytesOf(request: FastifyRequest): Uint8Array {
  return request.body instanceof Uint8Array ? request.body : new Uint8Array();
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function queryOf(request: FastifyRequest<{ Querystring: Record<string, unknown> }>, name: string): string | undefined {
  const value = request.query[name];
  return typeof value === 'string' ? value : undefined;
}
