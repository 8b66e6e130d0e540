import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import { maxDirectivesRule } from '@escape.tech/graphql-armor-max-directives';
import { MeshfleetError } from '@meshfleet/model';
import { GraphQLError, type DocumentNode, type ValidationRule } from 'graphql';
import { actorOf, type Principal } from '../auth/principal.ts';
import type { GraphqlContext, QueryCost } from '../graphql/context.ts';
import type { Budget } from './budget.ts';
import { queryCost } from './query-cost.ts';

/** Tokens of a query's text. The parser stops there, so that a query of 20,000 fields is never built. */
export const MAX_TOKENS = 4_000;
export const MAX_QUERY_LENGTH = 128 * 1024;
export const MAX_COST = 10_000;
const MAX_DEPTH = 16;
const MAX_ALIASES = 40;
const MAX_DIRECTIVES = 40;
/** The body holds manifests, which are limited apart. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

/**
 * What validation refuses beside GraphQL's own rules. armor's cost limit is not among them: it reads page sizes from the
 * text alone, so that `first: $n` passes as 1. The cost is counted when the variables are known.
 */
export const validationRules: ValidationRule[] = [
  maxDepthRule({ n: MAX_DEPTH, propagateOnRejection: false, onReject: [report] }),
  maxAliasesRule({ n: MAX_ALIASES, propagateOnRejection: false, onReject: [report] }),
  maxDirectivesRule({ n: MAX_DIRECTIVES, propagateOnRejection: false, onReject: [report] }),
] as unknown as ValidationRule[]; // armor declares its rules against the CommonJS build of the same graphql

function report(context: unknown, error: GraphQLError): void {
  (context as { reportError(error: GraphQLError): void }).reportError(error);
}

/**
 * Refuses texts that no GraphQL parser should see: too long ones, and documents in JSON, which Mercurius would take for
 * parsed queries and run past the limit on tokens.
 */
export function refuseText(source: unknown): void {
  if (typeof source !== 'string') throw noText('The query is not a text', `it is ${source === null ? 'null' : typeof source}`, 'Send the query as a string.');
  if (source.length > MAX_QUERY_LENGTH) throw limit(`The query has ${source.length} characters, and ${MAX_QUERY_LENGTH} are the most`, 'so long a text takes long to read before there is anything to answer', 'Send manifests and other long values as variables.');
  if (/^\s*(?:\{\s*["}]|[["\d-]|(?:true|false|null)\s*$)/.test(source)) throw noText('The query is not GraphQL', 'it is JSON, as of a query that somebody has parsed already', 'Send the text of a query.');
}

/** Prices a query and takes its points. @throws MeshfleetError LIMIT_EXCEEDED */
export function chargeFor(document: DocumentNode, variables: Readonly<Record<string, unknown>>, context: GraphqlContext, budget: Budget): QueryCost {
  const points = queryCost(document, variables);
  if (points > MAX_COST) throw limit(`The query costs ${points} points, and ${MAX_COST} are the most`, 'points follow the pages that it asks for, those within pages multiplied', 'Ask for smaller pages, or in several queries.');
  const identity = payerOf(context.scope.principal);
  const cost = budget.spend(identity, points, MAX_COST);
  if (cost !== undefined) return cost;
  const retryAfter = budget.waitFor(identity);
  throw new GraphQLError('', {
    originalError: limit('The budget of points for this minute is spent', 'all queries of one person or token share it', `Try again in ${retryAfter} s, or ask for less.`),
    extensions: { retryAfter },
  });
}

/** Names of tokens are unique in an organization alone: nobody spends what another organization's token of the same name has. */
function payerOf(principal: Principal): string {
  return principal.kind === 'token' ? `${principal.organizationId} ${actorOf(principal)}` : actorOf(principal);
}

function noText(summary: string, why: string, fix: string): MeshfleetError {
  return new MeshfleetError({ code: 'INVALID_INPUT', summary, why, fix });
}

function limit(summary: string, why: string, fix: string): MeshfleetError {
  return new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary, why, fix });
}
