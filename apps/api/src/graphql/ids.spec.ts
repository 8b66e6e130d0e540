import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MeshfleetError } from '@meshfleet/model';
import { formatCursor, pageOf, parseCursor } from './connection.ts';
import { formatGlobalId, parseGlobalId, type GlobalId } from './global-id.ts';

const globalId: fc.Arbitrary<GlobalId> = fc.oneof(
  fc.record({ type: fc.constantFrom('Organization', 'Cluster', 'Policy', 'JoinToken', 'ApiToken'), id: fc.uuid() }),
  fc.record({ type: fc.constant('DesiredState' as const), id: fc.uuid(), revision: fc.integer({ min: 1, max: 1e12 }) }),
);

describe('global ids', () => {
  it('come back as what they were made of', () => {
    fc.assert(
      fc.property(globalId, (id) => {
        expect(parseGlobalId(formatGlobalId(id))).toEqual(id);
      }),
    );
  });

  it('have one spelling, and no other text is one', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), globalId.map((id) => `${formatGlobalId(id)}=`), globalId.map((id) => formatGlobalId(id).slice(1))), (text) => {
        const parsed = parseGlobalId(text);
        expect(parsed === undefined || formatGlobalId(parsed) === text).toBe(true);
      }),
    );
  });
});

describe('cursors', () => {
  it('come back as the position that they were made of', () => {
    fc.assert(
      fc.property(fc.string().filter((text) => !text.includes('\0')), fc.uuid(), (name, id) => {
        expect(parseCursor(formatCursor([name, id]), ['string', 'uuid'], 'after')).toEqual([name, id]);
      }),
    );
  });

  it('that are anything else are refused and never reach the database', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64url'))), (text) => {
        try {
          const [name, id] = parseCursor(text, ['string', 'uuid'], 'after');
          expect(typeof name).toBe('string');
          expect(id).toMatch(/^[0-9a-f-]{36}$/);
        } catch (error) {
          expect(error).toBeInstanceOf(MeshfleetError);
        }
      }),
    );
  });

  it('make pages in both directions', () => {
    expect(pageOf({ first: 0 }, ['string'])).toEqual({ limit: 0, backwards: false });
    expect(pageOf({ last: 3, before: formatCursor(['x']) }, ['string'])).toEqual({ limit: 3, backwards: true, before: ['x'] });
  });
});
