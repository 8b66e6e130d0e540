import type { Fetcher } from '@graphiql/toolkit';
import { createClient } from 'graphql-sse';

/** Tells the server that the request comes from a page of its own: no other site can set it. */
const OURS = { 'meshfleet-request': '1' };

/** Queries and mutations by POST, subscriptions as server-sent events; both signed in by the session's cookie. */
export const fetcher: Fetcher = async (params, options) => {
  const headers = { ...OURS, ...stringsOf(options?.headers) };
  if (isSubscription(params.query, params.operationName)) {
    const client = createClient({ url: '/graphql/stream', headers, retryAttempts: 3 });
    return client.iterate({
      query: params.query,
      ...(typeof params.operationName === 'string' ? { operationName: params.operationName } : {}),
      ...(isRecord(params.variables) ? { variables: params.variables } : {}),
    });
  }
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(params),
  });
  // GraphiQL shows whatever JSON the server answers, errors included.
  return response.json() as Promise<Record<string, unknown>>;
};

/** The operation that will run is a subscription: the named one, or the only one. */
function isSubscription(query: string, operationName: string | null | undefined): boolean {
  const text = query.replace(/#.*$/gm, '');
  const name = typeof operationName === 'string' ? operationName.replace(/[^_0-9A-Za-z]/g, '') : '';
  return name === '' ? /(^|\})\s*subscription\b/.test(text) : new RegExp(`\\bsubscription\\s+${name}\\b`).test(text);
}

function stringsOf(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key.toLowerCase(), text]] : [])));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
