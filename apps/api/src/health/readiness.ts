import { Inject } from '@nestjs/common';
import type { Store } from '@meshfleet/store';
import { STORE } from '../tokens.ts';

/** Whether requests should come here: not while the process drains, nor while the database does not answer. */
export class Readiness {
  readonly #store: Store;
  #draining = false;

  constructor(@Inject(STORE) store: Store) {
    this.#store = store;
  }

  drain(): void {
    this.#draining = true;
  }

  async check(): Promise<{ ready: boolean; why?: string }> {
    if (this.#draining) return { ready: false, why: 'draining' };
    try {
      await this.#store.ready();
      return { ready: true };
    } catch {
      return { ready: false, why: 'the database does not answer' };
    }
  }
}
