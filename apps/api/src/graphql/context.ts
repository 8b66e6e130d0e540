import type { FastifyReply } from 'fastify';
import type { RequestScope } from '../request/request-scope.ts';

/** What every resolver is given. */
export interface GraphqlContext {
  /** Replaced for each event of a subscription. */
  scope: RequestScope;
  readonly requestId: string;
  /** Set by the cost limit, shown in the answer's extensions. */
  cost?: QueryCost;
  readonly reply?: FastifyReply;
}

export interface QueryCost {
  /** Points of this query. */
  readonly points: number;
  /** The most that one query may cost. */
  readonly limit: number;
  /** What this identity may still spend until `resetAt`. */
  readonly remaining: number;
  readonly resetAt: string;
}
