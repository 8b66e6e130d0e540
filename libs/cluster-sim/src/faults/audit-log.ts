/** One answered request, as an audit policy at level Metadata would record it. */
export interface AuditEvent {
  readonly user: string;
  readonly groups: readonly string[];
  /** As it was authorised; server-side apply is `patch` there. */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Path of a request outside the resources, otherwise empty. */
  readonly path: string;
  readonly userAgent: string;
  readonly code: number;
}

/** In memory and bounded: least privilege is proved with it, not history kept. */
export class AuditLog {
  readonly limit: number;
  #events: AuditEvent[] = [];

  constructor(limit = 100_000) {
    this.limit = limit;
  }

  add(event: AuditEvent): void {
    this.#events.push(event);
    if (this.#events.length > this.limit) this.#events = this.#events.slice(-Math.floor(this.limit / 2));
  }

  events(): readonly AuditEvent[] {
    return this.#events;
  }

  clear(): void {
    this.#events = [];
  }
}
