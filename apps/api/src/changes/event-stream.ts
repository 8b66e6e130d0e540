import { MeshfleetError } from '@meshfleet/model';
import type { FastifyInstance } from 'fastify';
import { getOperationAST, GraphQLError, parse, specifiedRules, validate, type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { createHandler } from 'graphql-sse/lib/use/fastify';
import { unauthenticated } from '../auth/credentials.ts';
import type { GraphqlContext } from '../graphql/context.ts';
import { formatErrors, refusal, type FaultLog } from '../graphql/format-errors.ts';
import type { Budget } from '../limits/budget.ts';
import { chargeFor, MAX_TOKENS, refuseText, validationRules } from '../limits/limits.ts';
import { refuseValues } from '../limits/refuse-values.ts';

export const STREAM_PATH = '/graphql/stream';

export interface StreamParts {
  readonly schema: () => GraphQLSchema;
  readonly budget: Budget;
  readonly log: FaultLog;
}

/** Subscriptions as server-sent events: the "distinct connections" mode of the GraphQL over SSE protocol. */
export function serveEventStream(fastify: FastifyInstance, { schema, budget, log }: StreamParts): void {
  const handler = createHandler<GraphqlContext & Record<PropertyKey, unknown>>({
    // Streams are told apart by their connections; nobody gets a token to share one.
    authenticate: () => null,
    validate: () => [],
    onSubscribe: (request, params) => {
      const { id: requestId } = request.raw;
      try {
        const { scope } = request.raw;
        if (scope === null) throw unauthenticated('the request carries no token');
        const document = admitDocument(schema(), params.query, params.operationName ?? undefined);
        const contextValue: GraphqlContext & Record<PropertyKey, unknown> = { scope, requestId };
        const variableValues = params.variables ?? {};
        refuseValues(document, variableValues);
        contextValue.cost = chargeFor(document, variableValues, contextValue, budget);
        return { schema: schema(), document, operationName: params.operationName ?? null, variableValues, contextValue };
      } catch (error) {
        const { status, body } = refusal(error, requestId, log);
        return [JSON.stringify(body), { status, statusText: '', headers: { 'content-type': 'application/json; charset=utf-8' } }];
      }
    },
    onNext: (context, _request, result) => formatResult(result as ExecutionResult, context.requestId, log),
  });
  fastify.route({
    method: ['GET', 'POST'],
    url: STREAM_PATH,
    bodyLimit: 1024 * 1024,
    handler: async (request, reply) => {
      reply.hijack();
      // Proxies that gather answers would hold events back.
      reply.raw.setHeader('x-accel-buffering', 'no');
      try {
        await handler(request, reply);
      } catch (error) {
        log.error({ err: error, requestId: request.id }, 'an event stream failed');
        if (!reply.raw.headersSent) reply.raw.writeHead(500);
        reply.raw.end();
      } finally {
        request.scope?.end();
      }
    },
  });
}

function admitDocument(schema: GraphQLSchema, query: string | undefined, operationName: string | undefined): DocumentNode {
  refuseText(query);
  const document = parse(query ?? '', { maxTokens: MAX_TOKENS });
  const problems = validate(schema, document, [...specifiedRules, ...validationRules]);
  if (problems.length > 0) throw Object.assign(new GraphQLError('The query is not valid'), { errors: problems });
  if (getOperationAST(document, operationName)?.operation === 'subscription') return document;
  throw new MeshfleetError({
    code: 'INVALID_INPUT',
    summary: 'Only subscriptions are served as event streams',
    why: 'a query or a mutation has one answer, and no stream',
    fix: 'Send queries and mutations to /graphql.',
  });
}

function formatResult(result: ExecutionResult, requestId: string, log: FaultLog): ExecutionResult | undefined {
  if (result.errors === undefined) return undefined;
  return { ...result, errors: formatErrors(result.errors, requestId, log) };
}
