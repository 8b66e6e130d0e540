import { MeshfleetError } from '@meshfleet/model';

/** Talks to the public GraphQL API as any program of a user would. */
export interface GraphqlClient {
  /** Returns `data`; throws when the answer carries errors. */
  request<T>(query: string, variables?: Record<string, unknown>): Promise<T>;
}

export function createGraphqlClient(options: { url: string; token: string; organization?: string }): GraphqlClient {
  return {
    async request<T>(query: string, variables: Record<string, unknown> = {}) {
      const response = await fetch(`${options.url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${options.token}`,
          ...(options.organization === undefined ? {} : { 'meshfleet-organization': options.organization }),
        },
        body: JSON.stringify({ query, variables }),
        signal: AbortSignal.timeout(30_000),
      });
      const text = await response.text();
      const answer = parseAnswer<T>(text);
      if (answer?.data === undefined || answer.data === null || answer.errors !== undefined) {
        throw new MeshfleetError({ code: 'INTERNAL', summary: `The API answered ${response.status}`, why: text.slice(0, 500) });
      }
      return answer.data;
    },
  };
}

function parseAnswer<T>(text: string): { data?: T | null; errors?: unknown } | undefined {
  try {
    // The shape is GraphQL's own; T is what the query asks for.
    return JSON.parse(text) as { data?: T | null; errors?: unknown };
  } catch {
    return undefined;
  }
}
