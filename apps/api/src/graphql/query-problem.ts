import type { ErrorEnvelope } from '@meshfleet/model';
import { listEnumValues } from './enum-values.ts';

const NO_QUERY = { why: 'the request holds no query that can be read', fix: 'Send {"query": "…", "variables": {…}} as application/json by POST.' };

/** What is wrong with the text of a query or with its variables, in GraphQL's words; too much of it is a limit of ours. */
export function queryProblem(message: string): ErrorEnvelope {
  const limited = /^Syntax Error: (?:Document contains more that (\d+) tokens|(Query depth limit|Aliases limit|Directives limit))/.exec(message);
  if (limited !== null) return overLimit(message, limited[1]);
  const summary = message;
  if (message.startsWith('Syntax Error')) return { code: 'INVALID_INPUT', summary, why: 'the text is not written as GraphQL is', fix: 'Correct the query where the location points.' };
  if (/^body(?:\/\w+)? must be /.test(message)) return { code: 'INVALID_INPUT', summary, ...NO_QUERY };
  if (/^(?:Must provide operation name|Unknown operation named)/.test(message)) return { code: 'INVALID_INPUT', summary, why: 'of several operations in one text one is to be run', fix: 'Name it in operationName, as it is named in the text.' };
  // As GraphQL says it, and as compiled queries do.
  const [, quoted, plain] = /(?:does not exist in|Enum) "(\w+)"|Expected type (\w+)\.?$/.exec(message) ?? [];
  const name = quoted ?? plain ?? '';
  const values = listEnumValues(name);
  if (values !== undefined) return { code: 'INVALID_INPUT', summary, why: `${name} has no such value`, fix: `Give one of ${values}; in the text of a query without quotes.` };
  return { code: 'INVALID_INPUT', summary, why: 'it does not fit the schema', fix: 'Compare the query with the schema: the explorer shows it, and introspection does to whoever is signed in.' };
}

function overLimit(message: string, tokens: string | undefined): ErrorEnvelope {
  const summary = tokens === undefined ? message.replace('Syntax Error: ', '') : `The query has more than ${tokens} tokens`;
  return { code: 'LIMIT_EXCEEDED', summary, why: 'so much of it would take long before there is anything to answer', fix: 'Ask for less, or in several queries.' };
}

/** What Fastify and Mercurius themselves refuse: their messages are for clients. */
export function clientProblem(cause: Error | undefined): ErrorEnvelope | undefined {
  if (cause === undefined) return undefined;
  const { statusCode, code } = cause as { statusCode?: unknown; code?: unknown };
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499 || typeof code !== 'string') return undefined;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return { code: 'LIMIT_EXCEEDED', summary: 'The request is too large', why: 'a body has at most 8 MiB', fix: 'Send at most 8 MiB; split manifests into several policies.' };
  }
  return { code: 'INVALID_INPUT', summary: cause.message, ...NO_QUERY };
}
