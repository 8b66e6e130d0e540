import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWindowOpen, nextWindow } from './maintenance-windows.ts';
import { strategySchema } from './strategy.ts';
import type { MaintenanceWindow } from './strategy.ts';

const MINUTE = 60_000;
const window = (start: string, end: string, timeZone = 'UTC', days?: string[]): MaintenanceWindow[] => strategySchema.parse({ windows: [{ start, end, timeZone, days }] }).windows;
const open = (windows: MaintenanceWindow[], at: string): boolean => isWindowOpen(windows, Date.parse(at));
const next = (windows: MaintenanceWindow[], at: string): string => new Date(nextWindow(windows, Date.parse(at)) ?? 0).toISOString();

describe('maintenance windows', () => {
  it('are always open where none is named', () => {
    expect(open([], '2026-11-23T03:00:00Z')).toBe(true);
  });

  it('are read from the wall of their time zone', () => {
    const berlin = window('22:00', '23:30', 'Europe/Berlin');
    expect(open(berlin, '2026-07-01T20:00:00Z')).toBe(true);
    expect(open(berlin, '2026-12-01T20:59:59Z')).toBe(false);
    expect(open(berlin, '2026-12-01T21:00:00Z')).toBe(true);
    expect(open(berlin, '2026-12-01T22:30:00Z')).toBe(false);
    expect(next(berlin, '2026-12-01T22:30:00Z')).toBe('2026-12-02T21:00:00.000Z');
  });

  it('belong over midnight to the day on which they begin', () => {
    const friday = window('22:00', '04:00', 'UTC', ['FRI']);
    expect(open(friday, '2026-11-27T23:00:00Z')).toBe(true);
    expect(open(friday, '2026-11-28T03:59:00Z')).toBe(true);
    expect(open(friday, '2026-11-28T22:30:00Z')).toBe(false);
    expect(open(friday, '2026-11-27T03:00:00Z')).toBe(false);
    expect(next(friday, '2026-11-28T04:00:00Z')).toBe('2026-12-04T22:00:00.000Z');
  });

  it('open with the jump of the clock when their beginning is skipped', () => {
    // Berlin, 29 March 2026: from 02:00 to 03:00 at 01:00 UTC.
    const skipped = window('02:30', '05:00', 'Europe/Berlin');
    expect(next(skipped, '2026-03-29T00:00:00Z')).toBe('2026-03-29T01:00:00.000Z');
    expect(next(skipped, '2026-03-30T00:00:00Z')).toBe('2026-03-30T00:30:00.000Z');
  });

  it('that lie in a skipped hour are not there that day', () => {
    expect(next(window('02:10', '02:50', 'Europe/Berlin'), '2026-03-29T00:00:00Z')).toBe('2026-03-30T00:10:00.000Z');
  });

  it('are there twice when their hour is', () => {
    // Berlin, 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC.
    const twice = window('02:00', '03:00', 'Europe/Berlin');
    expect([open(twice, '2026-10-25T00:30:00Z'), open(twice, '2026-10-25T01:30:00Z')]).toEqual([true, true]);
    expect(next(twice, '2026-10-24T12:00:00Z')).toBe('2026-10-25T00:00:00.000Z');
  });

  it('open at the first open instant, in every zone, through every change of clocks', () => {
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia', 'America/St_Johns', 'Africa/Casablanca');
    const clock = fc.integer({ min: 0, max: 24 * 12 - 1 }).map((slot) => `${String(Math.floor(slot / 12)).padStart(2, '0')}:${String((slot % 12) * 5).padStart(2, '0')}`);
    const days = fc.option(fc.uniqueArray(fc.constantFrom('MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'), { minLength: 1 }), { nil: undefined });
    const at = fc.integer({ min: Date.UTC(2026, 0, 1) / MINUTE, max: Date.UTC(2027, 0, 1) / MINUTE }).map((minute) => minute * MINUTE);
    fc.assert(
      fc.property(zone, clock, clock, days, at, (timeZone, start, end, on, now) => {
        const windows = window(start, end, timeZone, on);
        const opens = nextWindow(windows, now);
        expect(opens).toBeDefined();
        if (opens === undefined) return;
        expect(isWindowOpen(windows, opens)).toBe(true);
        for (let probe = now; probe < opens; probe += Math.max(MINUTE * 5, Math.floor((opens - now) / 200 / MINUTE) * MINUTE)) expect(isWindowOpen(windows, probe)).toBe(false);
        if (opens > now) expect(isWindowOpen(windows, opens - MINUTE)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
