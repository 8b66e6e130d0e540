type LoadMany<Row> = (organizationId: string, ids: readonly string[]) => Promise<ReadonlyMap<string, Row>>;

interface Batch<Row> {
  readonly ids: Set<string>;
  readonly rows: Promise<ReadonlyMap<string, Row>>;
}

/**
 * Loads rows by organization and id, many at a time: whatever is asked for while a load of the same organization runs
 * goes out together in the next. Nothing is kept: every answer was read after it was asked for.
 */
export class CoalescingLoader<Row> {
  readonly #loadMany: LoadMany<Row>;
  readonly #waiting = new Map<string, Batch<Row>>();
  readonly #running = new Map<string, Promise<unknown>>();

  constructor(loadMany: LoadMany<Row>) {
    this.#loadMany = loadMany;
  }

  async load(organizationId: string, id: string): Promise<Row | undefined> {
    const batch = this.#waiting.get(organizationId) ?? this.#open(organizationId);
    batch.ids.add(id);
    return (await batch.rows).get(id);
  }

  #open(organizationId: string): Batch<Row> {
    const ids = new Set<string>();
    const before = this.#running.get(organizationId) ?? new Promise((resolve) => setImmediate(resolve));
    const rows = before.then(() => {
      this.#waiting.delete(organizationId);
      return this.#loadMany(organizationId, [...ids]);
    });
    const batch = { ids, rows };
    this.#waiting.set(organizationId, batch);
    // Never rejects: the next batch must start whatever became of this one.
    const over: Promise<unknown> = rows.catch(() => undefined).then(() => {
      if (this.#running.get(organizationId) === over) this.#running.delete(organizationId);
    });
    this.#running.set(organizationId, over);
    return batch;
  }
}
