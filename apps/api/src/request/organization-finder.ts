import { MeshfleetError } from '@meshfleet/model';
import { findAccessOfMember, findAccessOfToken, listMemberships, type Store, type Tx } from '@meshfleet/store';
import type { Access, Principal } from '../auth/principal.ts';

/** Slugs never change hands, but who may use one is decided anew in every transaction: this only spares a look-up. */
const REMEMBERED_FOR_MS = 30_000;
const MOST_REMEMBERED = 10_000;

/** Finds the organization that a request is about, and what its sender may do there. */
export class OrganizationFinder {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #remembered = new Map<string, { id: string; until: number }>();

  constructor(store: Store, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  /** @throws MeshfleetError FORBIDDEN for a slug that this person is no member of, whether or not it exists */
  async organizationId(identity: string, slug: string | undefined): Promise<string> {
    const key = `${identity}\n${slug ?? ''}`;
    const known = this.#remembered.get(key);
    if (known !== undefined && known.until > this.#now()) return known.id;
    const memberships = await this.#store.identityTransaction(identity, (sql) => listMemberships(sql, identity));
    const chosen = slug === undefined ? memberships : memberships.filter((membership) => membership.slug === slug);
    const [first, second] = chosen;
    if (first === undefined) throw slug === undefined ? noOrganization() : foreignOrganization(slug);
    if (second !== undefined) throw ambiguousOrganization(chosen.map((membership) => membership.slug));
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(key, { id: first.organizationId, until: this.#now() + REMEMBERED_FOR_MS });
    return first.organizationId;
  }

  /** Forgets what it remembers of a person, who just became a member of another organization. */
  forget(identity: string): void {
    for (const key of this.#remembered.keys()) if (key.startsWith(`${identity}\n`)) this.#remembered.delete(key);
  }

  /** The sender's role as this transaction sees it: whoever was removed or revoked a moment ago is refused. */
  async accessOf(tx: Tx, principal: Principal): Promise<Access> {
    const { organizationId } = tx;
    if (principal.kind === 'user') {
      const access = await findAccessOfMember(tx, principal.identity);
      if (access !== undefined) return { organizationId, ...access };
      this.forget(principal.identity);
      throw noOrganization();
    }
    const access = await findAccessOfToken(tx, principal.tokenId, new Date(this.#now()));
    if (access === undefined) {
      throw new MeshfleetError({ code: 'TOKEN_INVALID', summary: 'The API token is not accepted', why: 'it is revoked or has expired', fix: 'Create another one with apiTokenCreate.' });
    }
    return { organizationId, ...access };
  }
}

function noOrganization(): MeshfleetError {
  return new MeshfleetError({
    code: 'FORBIDDEN',
    summary: 'You are a member of no organization',
    why: 'nobody has added you to one yet',
    fix: 'Create one with organizationCreate, or ask the owner of one to add you.',
  });
}

function foreignOrganization(slug: string): MeshfleetError {
  return new MeshfleetError({
    code: 'FORBIDDEN',
    summary: `You are no member of an organization "${slug.slice(0, 63)}"`,
    why: 'it does not exist, or nobody has added you to it',
    fix: 'Check the header Meshfleet-Organization; viewer { memberships } names the organizations that are yours.',
  });
}

function ambiguousOrganization(slugs: readonly string[]): MeshfleetError {
  return new MeshfleetError({
    code: 'INVALID_INPUT',
    summary: 'The request does not say which organization it is about',
    why: `you are a member of ${slugs.length}`,
    fix: `Send the header Meshfleet-Organization with one of: ${slugs.slice(0, 20).join(', ')}.`,
  });
}
