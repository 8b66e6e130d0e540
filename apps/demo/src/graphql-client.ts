import { ERROR_CODES, MeshfleetError, type ErrorCode } from '@meshfleet/model';

/** Talks to the public GraphQL API as any program of a user would. */
export interface GraphqlClient {
  /**
   * Returns `data`.
   * @throws with the code of the first error when the answer carries errors.
   */
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
        throw new MeshfleetError({ code: codeOf(answer), summary: `The API answered ${response.status}`, why: text.slice(0, 500) });
      }
      return answer.data;
    },
  };
}

interface Answer<T> {
  readonly data?: T | null;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}

function codeOf(answer: Answer<unknown> | undefined): ErrorCode {
  const code = answer?.errors?.[0]?.extensions?.code;
  return ERROR_CODES.find((known) => known === code) ?? 'INTERNAL';
}

function parseAnswer<T>(text: string): Answer<T> | undefined {
  try {
    // The shape is GraphQL's own; T is what the query asks for.
    return JSON.parse(text) as Answer<T>;
  } catch {
    return undefined;
  }
}
