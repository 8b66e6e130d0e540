import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { appendAudit } from './append-audit.ts';
import { chainHash, digestOfEntry } from './event.ts';
import type { AuditEvent } from './event.ts';
import { verifyAuditChain } from './verify-audit-chain.ts';

const ORG = '0198e0f0-0000-7000-8000-000000000001';

/** A chain made without a database, by the documented arithmetic. */
function chainOf(count: number): AuditEvent[] {
  let previous: Uint8Array = new Uint8Array();
  return Array.from({ length: count }, (_, index) => {
    const seq = index + 1;
    const entry = { actor: `user:${seq % 3}`, action: 'policy.apply', target: seq % 2 === 0 ? `p-${seq}` : null, details: { version: seq, name: `n${seq}` }, at: new Date(1_700_000_000_000 + seq) };
    previous = chainHash(previous, seq, digestOfEntry(ORG, entry));
    return { ...entry, organizationId: ORG, seq, hash: Buffer.from(previous).toString('hex') };
  });
}

const text = fc.string({ minLength: 1, maxLength: 12 });
const COUNT = 20;
const at = fc.nat({ max: COUNT - 1 });

/** One change to an export that somebody might make; returns a chain that differs from the given one. */
const tampers = fc.oneof(
  fc.record({ kind: fc.constant('field' as const), at, field: fc.constantFrom('actor' as const, 'action' as const, 'target' as const, 'organizationId' as const), value: text }),
  fc.record({ kind: fc.constant('time' as const), at, by: fc.integer({ min: 1, max: 1e9 }) }),
  fc.record({ kind: fc.constant('details' as const), at, value: fc.dictionary(text, fc.jsonValue()) }),
  fc.record({ kind: fc.constant('hash' as const), at, nibble: fc.nat({ max: 63 }) }),
  fc.record({ kind: fc.constant('remove' as const), at }),
  fc.record({ kind: fc.constant('double' as const), at }),
  fc.record({ kind: fc.constant('swap' as const), at, with: at }),
  fc.record({ kind: fc.constant('renumber' as const), at, to: fc.integer({ min: -5, max: 40 }) }),
  // Somebody who recomputes the hash of the event that they changed.
  fc.record({ kind: fc.constant('forge' as const), at: fc.nat({ max: COUNT - 2 }), value: text }),
);

type Tamper = typeof tampers extends fc.Arbitrary<infer T> ? T : never;

function tamper(events: readonly AuditEvent[], change: Tamper): AuditEvent[] {
  const result = [...events];
  const event = result[change.at] as AuditEvent; // `at` lies within the chain
  switch (change.kind) {
    case 'field':
      result[change.at] = { ...event, [change.field]: change.value };
      break;
    case 'time':
      result[change.at] = { ...event, at: new Date(new Date(event.at).getTime() + change.by) };
      break;
    case 'details':
      result[change.at] = { ...event, details: change.value as AuditEvent['details'] };
      break;
    case 'hash': {
      const hash = String(event.hash);
      const other = hash[change.nibble] === '0' ? '1' : '0';
      result[change.at] = { ...event, hash: hash.slice(0, change.nibble) + other + hash.slice(change.nibble + 1) };
      break;
    }
    case 'remove':
      result.splice(change.at, 1);
      break;
    case 'double':
      result.push(event);
      break;
    case 'swap': {
      const other = result[change.with] as AuditEvent;
      result[change.at] = { ...other, seq: event.seq };
      result[change.with] = { ...event, seq: other.seq };
      break;
    }
    case 'renumber':
      result[change.at] = { ...event, seq: change.to };
      break;
    case 'forge': {
      const previous = change.at === 0 ? Buffer.alloc(0) : Buffer.from(String(events[change.at - 1]?.hash), 'hex');
      const forged = { ...event, actor: change.value };
      result[change.at] = { ...forged, hash: chainHash(previous, forged.seq, digestOfEntry(ORG, forged)).toString('hex') };
      break;
    }
  }
  return result;
}

describe('the audit chain', () => {
  it('is intact as written, in whatever order it is exported', () => {
    const events = chainOf(COUNT);
    expect(verifyAuditChain(events)).toEqual({ intact: true, events: COUNT, head: events.at(-1)?.hash });
    expect(verifyAuditChain([...events].reverse())).toMatchObject({ intact: true });
    expect(verifyAuditChain([])).toEqual({ intact: true, events: 0, head: '' });
  });

  it('shows each of 1,000 random tampers', () => {
    const events = chainOf(COUNT);
    const head = { seq: COUNT, hash: String(events.at(-1)?.hash) };
    let tampered = 0;
    fc.assert(
      fc.property(tampers, (change) => {
        const changed = tamper(events, change);
        fc.pre(JSON.stringify(changed) !== JSON.stringify(events));
        tampered += 1;
        return !verifyAuditChain(changed, head).intact;
      }),
      { numRuns: 1_000 },
    );
    expect(tampered).toBeGreaterThanOrEqual(1_000);
  });

  it('names the first event that is not right', () => {
    const events = chainOf(5);
    expect(verifyAuditChain(events.filter((event) => event.seq !== 3))).toEqual({ intact: false, seq: 3, why: 'event 3 is missing' });
    expect(verifyAuditChain(events.map((event) => (event.seq === 4 ? { ...event, actor: 'x' } : event)))).toMatchObject({ intact: false, seq: 4 });
  });

  it('misses a cut-off end only as long as nobody noted the head', () => {
    const events = chainOf(5);
    const head = { seq: 5, hash: String(events[4]?.hash) };
    expect(verifyAuditChain(events.slice(0, 3))).toMatchObject({ intact: true });
    expect(verifyAuditChain(events.slice(0, 3), head)).toMatchObject({ intact: false, seq: 4 });
    expect(verifyAuditChain(events, head)).toMatchObject({ intact: true });
  });
});

describe('appendAudit', () => {
  let t: TestStore;
  beforeAll(async () => {
    t = await withTestStore();
  });
  afterAll(() => t.close());

  const SELECT = `select organization_id as "organizationId", seq, at, actor, action, target, details, hash from audit_event where organization_id = $1`;

  it('chains what many transactions write at once, one chain per organization, without a gap', async () => {
    const orgs = [await t.createOrganization(), await t.createOrganization()];
    await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        t.store.transaction(orgs[n % 2] ?? '', (tx) => appendAudit(tx, { actor: 'user:a', action: 'test', at: new Date(), details: { n, text: 'ä€\u{1F600}"\\', nested: [{ b: 1.5, a: null }] } })),
      ),
    );
    for (const org of orgs) {
      const { rows } = await t.admin.query<AuditEvent>(SELECT, [org]);
      const head = await t.admin.query<{ seq: number; hash: Buffer }>('select audit_seq as seq, audit_hash as hash from organization where id = $1', [org]);
      expect(verifyAuditChain(rows, head.rows[0])).toMatchObject({ intact: true, events: 50 });
      // And as an export: JSON, hashes in hex.
      const exported = JSON.parse(JSON.stringify(rows.map((row) => ({ ...row, hash: Buffer.from(row.hash as Buffer).toString('hex') })))) as AuditEvent[];
      expect(verifyAuditChain(exported)).toMatchObject({ intact: true, events: 50 });
    }
  });

  it('hashes whatever details Postgres gives back', async () => {
    const org = await t.createOrganization();
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (details) => {
        const storable = !/\\u0000|\\ud[89a-f]/i.test(JSON.stringify(details));
        fc.pre(storable);
        await t.store.transaction(org, (tx) => appendAudit(tx, { actor: 'a', action: 'b', at: new Date(), details: details as AuditEvent['details'] }));
      }),
      { numRuns: 100 },
    );
    const { rows } = await t.admin.query<AuditEvent>(SELECT, [org]);
    expect(verifyAuditChain(rows)).toMatchObject({ intact: true, events: 100 });
  });

  it('leaves no gap and no event when its transaction fails', async () => {
    const org = await t.createOrganization();
    const append = (): Promise<void> => t.store.transaction(org, (tx) => appendAudit(tx, { actor: 'a', action: 'b', at: new Date() }));
    await append();
    await t.store
      .transaction(org, async (tx) => {
        await appendAudit(tx, { actor: 'a', action: 'gone', at: new Date() });
        throw new TypeError('no');
      })
      .catch(() => undefined);
    await append();
    const { rows } = await t.admin.query<AuditEvent>(SELECT, [org]);
    expect(rows.map((row) => row.action)).toEqual(['b', 'b']);
    expect(verifyAuditChain(rows)).toMatchObject({ intact: true, events: 2 });
  });

  it('cannot be taken back: the app neither changes nor deletes events', async () => {
    const org = await t.createOrganization();
    await t.store.transaction(org, (tx) => appendAudit(tx, { actor: 'a', action: 'b', at: new Date() }));
    await expect(t.store.transaction(org, (tx) => tx.query(`update audit_event set actor = 'x'`))).rejects.toThrow('permission denied');
    await expect(t.store.transaction(org, (tx) => tx.query('delete from audit_event'))).rejects.toThrow('permission denied');
  });
});
