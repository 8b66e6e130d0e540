import { createHash } from 'node:crypto';

/** How long a token is believed on the strength of an earlier proof. */
const REMEMBERED_FOR_MS = 30_000;
const MOST_REMEMBERED = 10_000;

/**
 * Principals by the tokens that proved them a moment ago: verifying a signature costs a third of an ordinary request. A key
 * that the issuer takes back, and a token that is revoked, end within the half minute at the latest; what the principal may
 * do is decided by every transaction anew. Hashes are kept, not tokens: a dump of the memory signs nobody in.
 */
export class RememberedPrincipals<P extends { readonly expiresAt: Date }> {
  readonly #now: () => number;
  readonly #entries = new Map<string, { readonly principal: P; readonly until: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The principal of this token: remembered, or proven by `prove`, whose failures are not remembered. */
  async of(token: string, prove: () => Promise<P>): Promise<P> {
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.#entries.get(key);
    if (known !== undefined && known.until > this.#now()) return known.principal;
    this.#entries.delete(key);
    const principal = await prove();
    if (this.#entries.size >= MOST_REMEMBERED) this.#entries.clear();
    this.#entries.set(key, { principal, until: Math.min(this.#now() + REMEMBERED_FOR_MS, principal.expiresAt.getTime()) });
    return principal;
  }
}
