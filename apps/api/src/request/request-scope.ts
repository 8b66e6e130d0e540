import { MeshfleetError } from '@meshfleet/model';
import type { Store, Tx } from '@meshfleet/store';
import DataLoader from 'dataloader';
import { actorOf, includesRole, type Access, type Principal, type Role } from '../auth/principal.ts';
import { LazyTransaction } from './lazy-transaction.ts';
import type { FaultLog } from '../graphql/format-errors.ts';
import type { OrganizationFinder } from './organization-finder.ts';

export interface ScopeParts {
  readonly store: Store;
  readonly finder: OrganizationFinder;
  readonly log: FaultLog;
  /** Hosts that webhooks of rollouts may have though they are not on the internet. */
  readonly webhookHosts: ReadonlySet<string>;
}

/**
 * What one request (or one event of a subscription) may see and do: who it is, in which organization, through one shared
 * read-only transaction. Resolvers read through it and never past it.
 */
export class RequestScope {
  readonly principal: Principal;
  readonly requestId: string;
  readonly #parts: ScopeParts;
  readonly #slug: string | undefined;
  readonly #loaders = new Map<symbol, DataLoader<never, unknown, string>>();
  #reading: Promise<{ transaction: LazyTransaction; access: Access }> | undefined;
  readonly #children: RequestScope[] = [];
  #ended = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: ScopeParts, request: { principal: Principal; slug: string | undefined; requestId: string }) {
    this.#parts = parts;
    this.principal = request.principal;
    this.#slug = request.slug;
    this.requestId = request.requestId;
  }

  get actor(): string {
    return actorOf(this.principal);
  }

  get webhookHosts(): ReadonlySet<string> {
    return this.#parts.webhookHosts;
  }

  /** Tells the log of a fault of ours that the request goes on without. */
  report(error: Error, message: string): void {
    this.#parts.log.error({ err: error, requestId: this.requestId }, message);
  }

  /** A scope of the same request with nothing opened, looked up or remembered: the next event of a subscription. */
  renew(): RequestScope {
    return new RequestScope(this.#parts, { principal: this.principal, slug: this.#slug, requestId: this.requestId });
  }

  /** The same sender in another organization; it ends with this scope. */
  within(slug: string): RequestScope {
    const child = new RequestScope(this.#parts, { principal: this.principal, slug, requestId: this.requestId });
    this.#children.push(child);
    return child;
  }

  /** The organization of the request and the role in it, as the database has them now. */
  async access(): Promise<Access> {
    return (await this.#open()).access;
  }

  /** The request's read-only transaction, for those who hold at least this role. */
  async read(role: Role = 'VIEWER'): Promise<Tx> {
    const { transaction, access } = await this.#open();
    requireRole(access.role, role);
    return transaction.tx();
  }

  /** A transaction of its own for a change, in which the role is checked again. */
  async write<T>(role: Role, work: (tx: Tx, held: Role) => Promise<T>): Promise<T> {
    const organizationId = await this.organizationId();
    const { principal } = this;
    // A request never holds two connections: with a full pool, readers who wait to write would wait for each other.
    await this.release();
    const answer = await this.#parts.store.transaction(organizationId, async (tx) => {
      const { role: held } = await this.#parts.finder.accessOf(tx, principal);
      requireRole(held, role);
      return work(tx, held);
    });
    this.forget();
    return answer;
  }

  organizationId(): Promise<string> {
    return this.principal.kind === 'token'
      ? Promise.resolve(this.principal.organizationId)
      : this.#parts.finder.organizationId(this.principal.identity, this.#slug);
  }

  /** Gives the connection back before something long is waited for; what is read after that opens another transaction. */
  async release(): Promise<void> {
    (await this.#reading?.catch(noop))?.transaction.end();
  }

  /**
   * Batches and remembers reads by key for the length of the request; `batch` answers in the order of its keys, at most so
   * many at once.
   */
  loader<K, V>(
    name: symbol,
    batch: (tx: Tx, keys: readonly K[]) => Promise<readonly V[]>,
    cacheKey: (key: K) => string = String,
    maxBatchSize = 1000,
  ): DataLoader<K, V, string> {
    const known = this.#loaders.get(name);
    // One name always stands for one batch function, so that its types are those of the first caller.
    if (known !== undefined) return known as unknown as DataLoader<K, V, string>;
    const made = new DataLoader<K, V, string>(async (keys) => batch(await this.read(), keys), { cacheKeyFn: cacheKey, maxBatchSize });
    this.#loaders.set(name, made as unknown as DataLoader<never, unknown, string>);
    return made;
  }

  /** Has work that takes long done one piece after the other: the parts of a query are resolved all at once. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(noop);
    return turn;
  }

  /** Drops what was remembered, after a change. */
  forget(): void {
    this.#loaders.clear();
  }

  end(): void {
    this.#ended = true;
    for (const child of this.#children) child.end();
    this.#reading?.then(({ transaction }) => {
      transaction.end();
    }, noop);
  }

  #open(): Promise<{ transaction: LazyTransaction; access: Access }> {
    this.#reading ??= this.#begin();
    return this.#reading;
  }

  async #begin(): Promise<{ transaction: LazyTransaction; access: Access }> {
    const organizationId = await this.organizationId();
    const transaction = new LazyTransaction(this.#parts.store, organizationId);
    try {
      const access = await this.#parts.finder.accessOf(await transaction.tx(), this.principal);
      if (this.#ended) transaction.end();
      return { transaction, access };
    } catch (error) {
      transaction.end();
      throw error;
    }
  }
}

function requireRole(held: Role, asked: Role): void {
  if (includesRole(held, asked)) return;
  throw new MeshfleetError({
    code: 'FORBIDDEN',
    summary: `This needs the role ${asked}`,
    why: `you have the role ${held} in this organization`,
    fix: 'Ask an owner of the organization for the role, or use an API token that has it.',
  });
}

function noop(): undefined {
  // A failure was told to whoever asked.
}
