import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareCursors, formatCursor, isNews, parseCursor } from './cursor.ts';
import { formatSecretToken, readSecretToken } from './secret-token.ts';

describe('a cursor', () => {
  const number = fc.nat({ max: 2 ** 31 - 1 }).map((value) => value % 1_000_000_000);
  it('survives the wire, short and long', () => {
    fc.assert(
      fc.property(number, number, number, fc.constantFrom('ENFORCE' as const, 'OBSERVE' as const), (epoch, revision, approvedDeletions, mode) => {
        expect(parseCursor(formatCursor({ epoch, revision }))).toEqual({ epoch, revision });
        const long = { epoch, revision, mode, approvedDeletions };
        expect(parseCursor(formatCursor(long))).toEqual(long);
      }),
    );
  });

  it.each(['', '1', '1.', '.1', '1.2.', '1.2.x3', '-1.2', '1.2 ', '1e3.2', `${'9'.repeat(400)}.1`])('is not "%s"', (text) => {
    expect(() => parseCursor(text)).toThrow(/is not a cursor/);
  });

  it('orders by epoch before revision', () => {
    expect(compareCursors({ epoch: 2, revision: 1 }, { epoch: 1, revision: 99 })).toBeGreaterThan(0);
  });

  it('hears of a new mode or approval within a revision, if it says which it knows', () => {
    const current = { epoch: 1, revision: 5, mode: 'ENFORCE', approvedDeletions: 3 } as const;
    expect(isNews({ epoch: 1, revision: 5 }, current)).toBe(false);
    expect(isNews(current, current)).toBe(false);
    expect(isNews({ ...current, approvedDeletions: 0 }, current)).toBe(true);
    expect(isNews({ ...current, mode: 'OBSERVE' }, current)).toBe(true);
    expect(isNews({ epoch: 1, revision: 4 }, current)).toBe(true);
  });
});

describe('a secret token', () => {
  it('names its organization and nothing else does', () => {
    const organizationId = '0198f000-0000-7000-8000-000000000001';
    const token = formatSecretToken('mfj', organizationId, new Uint8Array(32).fill(7));
    expect(readSecretToken('mfj', token)).toEqual({ organizationId });
    for (const wrong of [token.replace('mfj', 'mfa'), `${token}x`, token.slice(1), '', 'mfj__']) {
      expect(readSecretToken('mfj', wrong)).toBeUndefined();
    }
  });
});
