import { actorOf } from '../auth/principal.ts';
import { MeshfleetError } from '@meshfleet/model';
import type { GraphqlContext } from '../graphql/context.ts';
import type { RequestScope } from '../request/request-scope.ts';
import type { ChangedKind, ChangeFeed, Watch } from './change-feed.ts';

/** Timers wait at most so long; a token that lives longer is looked at again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface WatchRequest<V> {
  /** Field of the subscription type that the events are values of. */
  readonly field: string;
  readonly kind: ChangedKind;
  /** Row id; all objects of the kind when absent. */
  readonly id: string | undefined;
  /** The object as the subscriber may see it now; undefined when there is nothing to see. */
  load(scope: RequestScope, id: string): Promise<V | undefined>;
}

/**
 * The events of a subscription, until its reader leaves or its token expires. Each batch of changes is read through a
 * fresh scope, so that permission and tenancy are those of the moment: whoever lost them gets an error, and the end.
 */
export async function watchChanges<V>(context: GraphqlContext, feed: ChangeFeed, request: WatchRequest<V>): Promise<AsyncIterableIterator<ChangeEvent<V>>> {
  const { principal } = context.scope;
  if (principal.expiresAt.getTime() <= Date.now()) throw new MeshfleetError({ code: 'TOKEN_EXPIRED', summary: 'The session has expired', fix: 'Sign in again.' });
  const { organizationId } = await context.scope.access();
  context.scope.end();
  const watch = feed.watch(organizationId, actorOf(principal), request.kind, request.id);
  const stopClock = closeAt(principal.expiresAt, watch);
  const events = generate(context, watch, request);
  const end = (): void => {
    stopClock();
    watch.close();
    context.scope.end();
  };
  const iterator: AsyncIterableIterator<ChangeEvent<V>> = {
    async next() {
      const result = await events.next().catch((error: unknown) => {
        end();
        throw error;
      });
      if (result.done === true) end();
      return result;
    },
    // A generator that waits cannot be returned from: ending its watch lets it finish by itself.
    return() {
      end();
      return Promise.resolve({ done: true, value: undefined });
    },
    throw(error: unknown) {
      end();
      return Promise.reject(error instanceof Error ? error : new MeshfleetError({ code: 'INTERNAL', summary: 'A subscription was cut' }));
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

/** The root value of an event: GraphQL takes an error in the place of a value for the failure of its field. */
type ChangeEvent<V> = Readonly<Record<string, V | Error>>;

async function* generate<V>(context: GraphqlContext, watch: Watch, { field, load }: WatchRequest<V>): AsyncGenerator<ChangeEvent<V>, undefined> {
  try {
    for (;;) {
      const ids = await watch.next();
      if (ids.length === 0) return undefined;
      context.scope = context.scope.renew();
      await context.scope.read();
      for (const id of ids) {
        const value = await load(context.scope, id);
        if (value !== undefined) yield { [field]: value };
      }
      context.scope.end();
    }
  } catch (error) {
    yield { [field]: error instanceof Error ? error : new MeshfleetError({ code: 'INTERNAL', summary: 'A subscription failed' }) };
    return undefined;
  }
}

function closeAt(expiry: Date, watch: Watch): () => void {
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const left = expiry.getTime() - Date.now();
    if (left <= 0) watch.close();
    else timer = setTimeout(wait, Math.min(left, LONGEST_TIMER_MS)).unref();
  };
  wait();
  return () => {
    clearTimeout(timer);
  };
}
