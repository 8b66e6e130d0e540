import { readFileSync } from 'node:fs';

/** This process as others can tell it from a later one with the same number: `<pid>.<start, in ticks since boot>`. */
export function thisOwner(): string {
  return `${process.pid}.${startOf(process.pid) ?? 0}`;
}

/** False for an owner that has ended, and for a name that names none. */
export function ownerLives(owner: string): boolean {
  const [pid = Number.NaN, start = Number.NaN] = owner.split('.').map(Number);
  return startOf(pid) === start;
}

function startOf(pid: number): number | undefined {
  try {
    // The second field is the program's name in parentheses and may hold anything; the 20th after it is the start (proc(5)).
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return undefined;
  }
}
