import type { MaintenanceWindow } from './strategy.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;
type Weekday = (typeof WEEKDAYS)[number];

/** The clock on the wall of a time zone. */
interface WallClock {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: Weekday;
  /** Minutes since midnight. */
  readonly minute: number;
}

/**
 * Whether clusters may be changed at this instant: when no window is named, or one is open by the clock on its wall. Where
 * clocks are put back an open hour is there twice, and both are open; what lies in an hour that is skipped is not there.
 */
export function isWindowOpen(windows: readonly MaintenanceWindow[], at: number): boolean {
  return windows.length === 0 || windows.some((window) => isOpen(window, wallClock(window.timeZone, at)));
}

/** The first instant not before `at` at which a window is open; undefined when none opens within three weeks. */
export function nextWindow(windows: readonly MaintenanceWindow[], at: number): number | undefined {
  if (isWindowOpen(windows, at)) return at;
  const openings = windows.flatMap((window) => firstOpening(window, at) ?? []);
  return openings.length === 0 ? undefined : Math.min(...openings);
}

function isOpen(window: MaintenanceWindow, clock: WallClock): boolean {
  const start = minuteOf(window.start);
  const end = minuteOf(window.end);
  const begins = (day: Weekday): boolean => window.days.includes(day);
  if (start < end) return begins(clock.weekday) && clock.minute >= start && clock.minute < end;
  // Over midnight, or, where start and end are the same, around the clock.
  return (begins(clock.weekday) && clock.minute >= start) || (begins(dayBefore(clock.weekday)) && clock.minute < end);
}

function firstOpening(window: MaintenanceWindow, at: number): number | undefined {
  const today = wallClock(window.timeZone, at);
  const start = minuteOf(window.start);
  // Two weeks and a day: in the first an opening may fall into a skipped hour, and be gone.
  for (let ahead = 0; ahead <= 15; ahead += 1) {
    const noon = Date.UTC(today.year, today.month - 1, today.day + ahead, 12);
    const weekday = WEEKDAYS[new Date(noon).getUTCDay()];
    if (weekday === undefined || !window.days.includes(weekday)) continue;
    const opening = instantOf(window.timeZone, noon, start);
    if (opening >= at && isOpen(window, wallClock(window.timeZone, opening))) return opening;
  }
  return undefined;
}

/** The first instant of that day (given by its noon, as if in UTC) at which the wall shows this minute or a later one. */
function instantOf(timeZone: string, noon: number, minute: number): number {
  const wanted = noon - DAY / 2 + minute * MINUTE;
  const offsets = [-DAY, 0, DAY].map((shift) => offsetAt(timeZone, wanted + shift));
  const candidates = [...new Set(offsets)].map((offset) => wanted - offset).sort((a, b) => a - b);
  const exact = candidates.find((instant) => instant + offsetAt(timeZone, instant) === wanted);
  // A skipped hour: the wall jumps over what was asked for, and shows more right after the jump.
  return exact ?? firstAfterJump(timeZone, candidates[0] ?? wanted, wanted);
}

function firstAfterJump(timeZone: string, from: number, wanted: number): number {
  let instant = from;
  while (instant + offsetAt(timeZone, instant) < wanted) instant += MINUTE;
  return instant;
}

function wallClock(timeZone: string, at: number): WallClock {
  const wall = new Date(at + offsetAt(timeZone, at));
  const weekday = WEEKDAYS[wall.getUTCDay()] ?? 'SUN';
  return { year: wall.getUTCFullYear(), month: wall.getUTCMonth() + 1, day: wall.getUTCDate(), weekday, minute: wall.getUTCHours() * 60 + wall.getUTCMinutes() };
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far the zone's wall clock is ahead of UTC at an instant, in milliseconds. */
function offsetAt(timeZone: string, at: number): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return wall - Math.floor(at / 1000) * 1000;
}

function minuteOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
}

function dayBefore(day: Weekday): Weekday {
  return WEEKDAYS[(WEEKDAYS.indexOf(day) + 6) % 7] ?? day;
}
