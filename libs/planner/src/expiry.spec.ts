import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expiresAtOf, hasExpired, nextExpiry } from './expiry.ts';

const object = (expiresAt?: string) => ({ apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a', ...(expiresAt === undefined ? {} : { annotations: { 'meshfleet.io/expires-at': expiresAt } }) } });

describe('the end of an object', () => {
  it.each([
    ['2026-12-01T18:00:00Z', '2026-12-01T18:00:00.000Z'],
    ['2026-12-01T19:00+01:00', '2026-12-01T18:00:00.000Z'],
    ['tomorrow', null],
    ['2026-12-01', null],
    ['2026-12-01T18:00:00', null],
    ['2026-13-01T18:00:00Z', null],
    ['${var.end}', null],
  ])('is read from its annotation: %s', (said, end) => {
    expect(expiresAtOf(object(said))).toBe(end);
  });

  it('is none where nothing says one', () => {
    expect(expiresAtOf(object())).toBeUndefined();
    expect(hasExpired({}, new Date(8.64e15))).toBe(false);
  });

  it('comes once, at its time, and the next one is the first that is still to come', () => {
    const time = fc.integer({ min: 0, max: 1_000 });
    fc.assert(
      fc.property(fc.array(fc.option(time, { nil: undefined })), time, (ends, now) => {
        const objects = ends.map((end) => (end === undefined ? {} : { expiresAt: new Date(end).toISOString() }));
        const at = new Date(now);
        const next = nextExpiry(objects, at);
        const before = objects.map((one) => hasExpired(one, at));
        expect(before).toEqual(ends.map((end) => end !== undefined && end <= now));
        if (next === null) expect(objects.every((one) => one.expiresAt === undefined || hasExpired(one, at))).toBe(true);
        else {
          // Until just before it nothing changes; at it something does.
          expect(next.getTime()).toBeGreaterThan(now);
          expect(objects.map((one) => hasExpired(one, new Date(next.getTime() - 1)))).toEqual(before);
          expect(objects.map((one) => hasExpired(one, next))).not.toEqual(before);
        }
      }),
    );
  });
});
