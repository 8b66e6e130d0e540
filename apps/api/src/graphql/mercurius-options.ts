import { MeshfleetError } from '@meshfleet/model';
import type { MercuriusDriverConfig } from '@nestjs/mercurius';
import { specifiedRules, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Admission } from '../auth/admission.ts';
import { unauthenticated } from '../auth/credentials.ts';
import { STREAM_PATH } from '../changes/event-stream.ts';
import type { Budget } from '../limits/budget.ts';
import { chargeFor, MAX_BODY_BYTES, MAX_TOKENS, refuseText, validationRules } from '../limits/limits.ts';
import { refuseValues } from '../limits/refuse-values.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { schemaText } from '../schema-text.ts';
import type { GraphqlContext } from './context.ts';
import { formatErrors, lastRefusal, statusOf, type FaultLog } from './format-errors.ts';
import { plainResolvers } from './plain-resolvers.ts';

export interface GraphqlParts {
  readonly admission: Admission;
  readonly budget: Budget;
  readonly log: FaultLog;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read, for every request to GraphQL that is let in. */
    scope: RequestScope | null;
  }
}

/** How long a WebSocket may stay open without having shown a token. */
const ADMISSION_MS = 10_000;

/** Mercurius as we run it: every limit before the first resolver, every error through one mapper. */
export function mercuriusOptions({ admission, budget, log }: GraphqlParts): Omit<MercuriusDriverConfig, 'driver'> {
  const charge = (document: DocumentNode, variables: unknown, context: GraphqlContext): void => {
    refuseValues(document, variables);
    context.cost = chargeFor(document, (variables ?? {}) as Readonly<Record<string, unknown>>, context, budget);
  };
  return {
    typeDefs: schemaText,
    resolvers: plainResolvers,
    path: '/graphql',
    jit: 1,
    cache: 256,
    allowBatchedQueries: false,
    graphiql: false,
    ide: false,
    additionalRouteOptions: { bodyLimit: MAX_BODY_BYTES },
    graphql: { parseOptions: { maxTokens: MAX_TOKENS } },
    // Each document is parsed by one graphql; the types come from the two module systems of the same package.
    validationRules: validationRules as never,
    context: (request: FastifyRequest, reply: FastifyReply): GraphqlContext => {
      if (request.scope === null) throw unauthenticated('the request carries no token');
      return { scope: request.scope, requestId: request.id, reply };
    },
    errorFormatter: (execution, context) => {
      // What is refused before a query is parsed has no context yet.
      const { requestId = '' }: Partial<GraphqlContext> = ours(context);
      const errors = formatErrors(execution.errors ?? [], requestId, log);
      const hasData = execution.data !== null && execution.data !== undefined;
      return { statusCode: statusOf(errors, hasData), response: { data: execution.data ?? null, errors } };
    },
    errorHandler: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      const { status, body } = lastRefusal(error, request.id, log);
      void reply.code(status).send(body);
    },
    hooks: {
      preParsing: (_schema, source) => {
        refuseText(source);
      },
      preExecution: (_schema, document, context, variables) => {
        refuseSubscription(document);
        charge(document, variables, ours(context));
        // Mercurius compiles a text once, for the operation that it ran then: with several operations in one text it
        // would run that one whatever is asked. A document of its own keeps such a text out of the compiler.
        return operationsIn(document) > 1 ? { document: { ...document } } : {};
      },
      onResolution: (execution, context) => {
        const { cost } = ours(context);
        if (cost !== undefined) Object.assign(execution, { extensions: { ...execution.extensions, cost } });
      },
      preSubscriptionExecution: (schema: GraphQLSchema, document: DocumentNode, context) => {
        const { connection, scope }: Partial<ReturnType<typeof ours>> = ours(context);
        if (scope === undefined) throw unauthenticated('neither the upgrade request nor connection_init carried a token');
        if (connection !== undefined) connection.admitted = true;
        const [problem] = validate(schema, document, [...specifiedRules, ...validationRules]);
        if (problem !== undefined) throw problem;
        charge(document, {}, ours(context));
      },
    },
    subscription: {
      keepAlive: 30_000,
      queueHighWaterMark: 100,
      context: (socket: { close(code: number, reason: string): void }, request: FastifyRequest) => {
        const connection = { admitted: request.scope !== null };
        setTimeout(() => {
          if (!connection.admitted) socket.close(4408, 'Nobody has signed in');
        }, ADMISSION_MS).unref();
        return { connection, requestId: request.id, ...(request.scope === null ? {} : { scope: request.scope.renew() }) };
      },
      onConnect: async ({ payload }: { payload?: unknown }) => {
        const fields = lowerCaseKeys(payload);
        const [, token] = /^(?:Bearer +)?(\S+)$/i.exec(fields['authorization'] ?? '') ?? [];
        // Without a token here, that of the upgrade request counts; without either, no subscription is let in.
        return token === undefined ? true : { scope: await admission.admitToken(token, fields['meshfleet-organization'], 'websocket') };
      },
    },
  };
}

/** Mercurius types contexts without what our own functions put into them; `connection` is a WebSocket's. */
function ours(context: object): GraphqlContext & { readonly connection?: { admitted: boolean } } {
  return context as unknown as GraphqlContext;
}

/** Here one request has one answer. WebSockets do not come this way, and event streams have a path of their own. */
function refuseSubscription(document: DocumentNode): void {
  const operations = document.definitions.flatMap((definition) => (definition.kind === 'OperationDefinition' ? [definition.operation] : []));
  if (operations.length === 0 || operations.some((operation) => operation !== 'subscription')) return;
  throw new MeshfleetError({
    code: 'INVALID_INPUT',
    summary: 'A subscription is not answered here',
    why: 'a subscription has many answers, and a request to /graphql has one',
    fix: `Send it to ${STREAM_PATH} (server-sent events), or open a WebSocket at /graphql.`,
  });
}

function operationsIn(document: DocumentNode): number {
  return document.definitions.filter((definition) => definition.kind === 'OperationDefinition').length;
}

function lowerCaseKeys(payload: unknown): Record<string, string> {
  if (typeof payload !== 'object' || payload === null) return {};
  return Object.fromEntries(Object.entries(payload).flatMap(([key, value]) => (typeof value === 'string' ? [[key.toLowerCase(), value]] : [])));
}
