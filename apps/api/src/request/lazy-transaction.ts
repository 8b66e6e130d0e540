import { toStoreError, type Store, type Tx } from '@meshfleet/store';

/**
 * One read-only transaction that is opened by the first read and shared by all that follow. It ends when it is told to,
 * or by itself when nobody has read for a while: no reader who went silent keeps a connection. Who reads on after that, or
 * was in the middle of several reads while another gave the connection back, reads on in another.
 */
export class LazyTransaction {
  readonly #open: () => OpenTransaction;
  readonly #reader: Tx;
  #current: OpenTransaction | undefined;

  constructor(store: Store, organizationId: string, options: { identity?: string; idleMs?: number } = {}) {
    const { identity, idleMs = 2_000 } = options;
    this.#open = () => {
      const transaction = openTransaction(store, organizationId, identity, idleMs, () => {
        if (this.#current === transaction) this.#current = undefined;
      });
      return transaction;
    };
    this.#reader = {
      organizationId,
      query: (text, values) => this.#now().use((tx) => tx.query(text, values)),
      send: (text, values) => void this.#now().use((tx) => Promise.resolve(tx.send(text, values))).catch(noop),
      notify: (channel, payload) => void this.#now().use((tx) => Promise.resolve(tx.notify(channel, payload))).catch(noop),
    };
  }

  async tx(): Promise<Tx> {
    await this.#now().opened;
    return this.#reader;
  }

  /** Ends the transaction as soon as what is being read has come; a later read opens another one. */
  end(): void {
    this.#current?.end();
    this.#current = undefined;
  }

  #now(): OpenTransaction {
    this.#current ??= this.#open();
    return this.#current;
  }
}

interface OpenTransaction {
  readonly opened: Promise<unknown>;
  /** Does something in it, which it does not end before. */
  use<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  end(): void;
}

function openTransaction(store: Store, organizationId: string, identity: string | undefined, idleMs: number, ended: () => void): OpenTransaction {
  const finished = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<Tx>();
  // Whoever awaits the first read sees the failure; without readers there is nobody to tell.
  opened.promise.catch(noop);
  let using = 0;
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    clearTimeout(timer);
    over = true;
    if (using === 0) finished.resolve();
    ended();
  };
  const rest = (): void => {
    clearTimeout(timer);
    timer = setTimeout(end, idleMs);
    timer.unref();
  };
  store
    .transaction(
      organizationId,
      async (tx) => {
        opened.resolve(tx);
        if (!over) rest();
        await finished.promise;
      },
      { readOnly: true, retries: 0, ...(identity === undefined ? {} : { identity }) },
    )
    .catch((error: unknown) => {
      ended();
      opened.reject(error);
    });
  return {
    opened: opened.promise,
    async use(work) {
      using += 1;
      clearTimeout(timer);
      try {
        return await work(await opened.promise);
      } catch (error) {
        // Whoever reads hears what the transaction as a whole would say: that the database is away, and not a fault of ours.
        throw toStoreError(error, 'the database');
      } finally {
        using -= 1;
        if (using === 0) {
          if (over) finished.resolve();
          else rest();
        }
      }
    },
    end,
  };
}

function noop(): undefined {
  // Told to whoever waits for an answer.
}
