import { MeshfleetError } from '@meshfleet/model';
import { createOrganizationKey, type Custody } from '@meshfleet/pki';
import { appendAudit, insertMember, insertOrganization, insertOrganizationKey, isUniqueViolation, listMemberships, organizationExists, uuidv7, withIdempotency, type Store, type Tx } from '@meshfleet/store';
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { actorOf, type Principal, type UserPrincipal } from '../auth/principal.ts';
import { InputProblems, problemsOf } from '../graphql/user-error.ts';

const input = z.object({
  slug: z.string().refine((text) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text), { error: 'A slug is 1 to 63 of a-z 0-9 - that begins and ends with a letter or digit', params: { fix: 'Write it as acme-eu.' } }),
  name: z.string().trim().min(1, 'A name must not be empty').max(200, 'A name has at most 200 characters'),
  idempotencyKey: z.string().min(1, 'An idempotency key must not be empty').max(200, 'An idempotency key has at most 200 characters').nullish(),
});

/** Whoever is signed in may own so many: enough for people, too few to fill the tables. */
const MOST_OWNED = 20;

/**
 * Creates an organization with its signing key; whoever asks becomes its owner. With an idempotency key the same person
 * gets the same organization again: its id is derived from both, so that the record of the key lies under its own tenancy.
 */
export async function createOrganization(parts: { store: Store; custody: Custody }, principal: Principal, rawInput: unknown): Promise<string> {
  const parsed = input.safeParse(rawInput);
  if (!parsed.success) throw new InputProblems(problemsOf(parsed.error, rawInput));
  if (principal.kind !== 'user') throw peopleOnly();
  const { slug, name, idempotencyKey } = parsed.data;
  const now = new Date();
  const key = idempotencyKey ?? undefined;
  const organizationId = key === undefined ? uuidv7(now, randomBytes(10)) : idDerivedFrom(principal.identity, key);
  await refuseTooMany(parts.store, principal, organizationId);
  const signingKey = await createOrganizationKey(parts.custody, { organizationId, random: (bytes) => randomBytes(bytes) });
  const work = async (tx: Tx): Promise<string> => {
    await insertOrganization(tx, { slug, name, createdAt: now });
    insertMember(tx, { id: uuidv7(now, randomBytes(10)), role: 'OWNER', ...personOf(principal) });
    insertOrganizationKey(tx, { id: uuidv7(now, randomBytes(10)), ...signingKey, createdAt: now });
    await appendAudit(tx, { actor: actorOf(principal), action: 'organization.create', target: organizationId, details: { slug, name, kid: signingKey.kid }, at: now });
    return organizationId;
  };
  try {
    return await parts.store.transaction(organizationId, async (tx) => {
      if (key === undefined) return work(tx);
      // The key's record needs its organization: that comes first, and once.
      if (!(await organizationExists(tx))) await work(tx);
      return withIdempotency(tx, { key, mutation: 'organizationCreate', request: { slug, name } }, () => Promise.resolve(organizationId));
    });
  } catch (error) {
    if (isUniqueViolation(error, 'organization_slug_key')) throw slugTaken(slug);
    throw error;
  }
}

/** The same person and key always make the same id; nobody else can make it. */
function idDerivedFrom(identity: string, key: string): string {
  const digest = createHash('sha256').update(JSON.stringify(['organizationCreate', identity, key])).digest();
  return uuidv7(new Date(digest.readUIntBE(10, 5)), digest.subarray(0, 10));
}

async function refuseTooMany(store: Store, { identity }: UserPrincipal, organizationId: string): Promise<void> {
  const memberships = await store.identityTransaction(identity, (sql) => listMemberships(sql, identity));
  const owned = memberships.filter((membership) => membership.role === 'OWNER' && membership.organizationId !== organizationId);
  if (owned.length < MOST_OWNED) return;
  throw new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: `You own ${owned.length} organizations, and ${MOST_OWNED} are the most`, why: 'each takes room of what all share', fix: 'Use one of yours, or ask somebody else to create it.' });
}

function personOf({ identity, email, name }: UserPrincipal) {
  return { identity, ...(email === undefined ? {} : { email }), ...(name === undefined ? {} : { name }) };
}

function peopleOnly(): MeshfleetError {
  return new MeshfleetError({ code: 'FORBIDDEN', summary: 'Only people create organizations', why: 'you are signed in by an API token, which belongs to one organization', fix: 'Sign in with the identity provider.' });
}

function slugTaken(slug: string): MeshfleetError {
  return new MeshfleetError({ code: 'ALREADY_EXISTS', summary: `The slug ${slug} is taken`, why: 'another organization has it, perhaps one of others', fix: 'Choose another one.', where: { field: ['input', 'slug'] } });
}
