import { toStoreError, type Store, type Tx } from '@meshfleet/store';

/**
 * One read-only transaction that is opened by the first read and shared by all that follow. It ends when it is told to,
 * or by itself when nobody has read for a while: no reader who went silent keeps a connection.
 */
export class LazyTransaction {
  readonly #open: () => OpenTransaction;
  #current: OpenTransaction | undefined;

  constructor(store: Store, organizationId: string, options: { identity?: string; idleMs?: number } = {}) {
    const { identity, idleMs = 2_000 } = options;
    this.#open = () => {
      const transaction = openTransaction(store, organizationId, identity, idleMs, () => {
        if (this.#current === transaction) this.#current = undefined;
      });
      return transaction;
    };
  }

  tx(): Promise<Tx> {
    this.#current ??= this.#open();
    return this.#current.tx;
  }

  /** Ends the transaction; a later read opens another one. */
  end(): void {
    this.#current?.end();
    this.#current = undefined;
  }
}

interface OpenTransaction {
  readonly tx: Promise<Tx>;
  end(): void;
}

function openTransaction(store: Store, organizationId: string, identity: string | undefined, idleMs: number, ended: () => void): OpenTransaction {
  const finished = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<Tx>();
  // Whoever awaits the first read sees the failure; without readers there is nobody to tell.
  opened.promise.catch(() => undefined);
  let reading = 0;
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    clearTimeout(timer);
    finished.resolve();
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
        opened.resolve({
          organizationId: tx.organizationId,
          send: (text, values) => {
            tx.send(text, values);
          },
          notify: (channel, payload) => {
            tx.notify(channel, payload);
          },
          async query<R extends object>(text: string, values?: readonly unknown[]) {
            reading += 1;
            clearTimeout(timer);
            try {
              return await tx.query<R>(text, values);
            } catch (error) {
              // Whoever reads hears what the transaction as a whole would say: that the database is away, and not a fault of ours.
              throw toStoreError(error, 'the database');
            } finally {
              reading -= 1;
              if (reading === 0) rest();
            }
          },
        });
        rest();
        await finished.promise;
      },
      { readOnly: true, retries: 0, ...(identity === undefined ? {} : { identity }) },
    )
    .catch((error: unknown) => {
      ended();
      opened.reject(error);
    });
  return { tx: opened.promise, end };
}
