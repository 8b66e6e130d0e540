import { describe, expect, it } from 'vitest';
import { humanAge, humanDuration } from './human-duration.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('humanDuration', () => {
  // The figures of k8s.io/apimachinery/pkg/util/duration, as `kubectl get` prints ages.
  it.each([
    [0, '0s'], [SECOND, '1s'], [70 * SECOND, '70s'], [119 * SECOND, '119s'], [2 * MINUTE, '2m'], [190 * SECOND, '3m10s'],
    [10 * MINUTE + 12 * SECOND, '10m'], [179 * MINUTE, '179m'], [3 * HOUR, '3h'], [7 * HOUR + 12 * MINUTE, '7h12m'],
    [8 * HOUR + 50 * MINUTE, '8h'], [47 * HOUR, '47h'], [2 * DAY, '2d'], [2 * DAY + HOUR, '2d1h'], [8 * DAY + 5 * HOUR, '8d'],
    [400 * DAY, '400d'], [730 * DAY, '2y'], [733 * DAY, '2y3d'], [3000 * DAY, '8y'], [-500, '0s'], [-5 * SECOND, '<invalid>'],
  ])('prints %d ms as %s', (milliseconds, text) => {
    expect(humanDuration(milliseconds)).toBe(text);
  });

  it('says that an age is unknown where no timestamp is', () => {
    const now = new Date('2026-01-01T00:01:00Z');
    expect(humanAge(undefined, now)).toBe('<unknown>');
    expect(humanAge('2026-01-01T00:00:00Z', now)).toBe('60s');
  });
});
