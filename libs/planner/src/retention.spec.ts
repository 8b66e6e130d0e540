import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_RETENTION, isForgettable } from './retention.ts';

const now = new Date('2026-11-23T12:00:00Z');
const daysAgo = (days: number): Date => new Date(now.getTime() - days * 86_400_000);

describe('retention', () => {
  it('keeps the newest revisions however old, and every revision of the last days', () => {
    expect(isForgettable(DEFAULT_RETENTION, { revision: 51, createdAt: daysAgo(400) }, 100, now)).toBe(false);
    expect(isForgettable(DEFAULT_RETENTION, { revision: 50, createdAt: daysAgo(400) }, 100, now)).toBe(true);
    expect(isForgettable(DEFAULT_RETENTION, { revision: 1, createdAt: daysAgo(29) }, 1_000, now)).toBe(false);
  });

  it('never forgets the current revision, whatever the rule', () => {
    fc.assert(
      fc.property(fc.integer({ min: -5, max: 100 }), fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1 }), fc.nat(1_000), (keepRevisions, keepDays, revision, age) => {
        expect(isForgettable({ keepRevisions, keepDays }, { revision, createdAt: daysAgo(age) }, revision, now)).toBe(false);
      }),
    );
  });
});
