// Which of many hosts overlap (`*.a.com` and `*.b.a.com` share names, `*` shares with all), without comparing each with each:
// read backwards, a wildcard is a prefix of what it covers, so that sorted, all of that stands in one run behind it.

const backwards = (text: string): string => text.split('').reverse().join('');
const isWild = (host: string): boolean => host.startsWith('*');

interface Reversed {
  readonly index: number;
  readonly wild: boolean;
  /** A wildcard without its `*`. */
  readonly text: string;
}

/** A wildcard whose run is being walked. */
interface OpenRun extends Reversed {
  /** The first host among the wildcards around it and itself. */
  readonly around: number;
  /** The first host among those it covers. */
  below: number;
}

/** For each host the first one before it that it overlaps. */
export function earlierOverlaps(hosts: readonly string[]): readonly (string | undefined)[] {
  const sorted = hosts
    .map((host, index): Reversed => ({ index, wild: isWild(host), text: backwards(isWild(host) ? host.slice(1) : host) }))
    .sort((a, b) => compare(a.text, b.text) || Number(b.wild) - Number(a.wild) || a.index - b.index);
  const first = hosts.map((_, index) => index);
  const note = (index: number, other: number): void => {
    if (other < (first[index] ?? 0)) first[index] = other;
  };
  const open: OpenRun[] = [];
  const close = (): void => {
    const run = open.pop();
    if (run === undefined) return;
    note(run.index, run.below);
    const outer = open.at(-1);
    if (outer !== undefined) outer.below = Math.min(outer.below, run.below);
  };
  let exact: Reversed | undefined;
  for (const each of sorted) {
    for (let run = open.at(-1); run !== undefined && !each.text.startsWith(run.text); run = open.at(-1)) close();
    const run = open.at(-1);
    const around = run?.around ?? Number.POSITIVE_INFINITY;
    note(each.index, around);
    if (run !== undefined) run.below = Math.min(run.below, each.index);
    if (each.wild) open.push({ ...each, around: Math.min(around, each.index), below: Number.POSITIVE_INFINITY });
    else if (exact?.text === each.text) note(each.index, exact.index);
    else exact = each;
  }
  while (open.length > 0) close();
  return first.map((other, index) => (other < index ? hosts[other] : undefined));
}

/** Hosts that are asked many times whether another is among them. */
export class HostSet {
  readonly #exact: ReadonlySet<string>;
  /** All of them, backwards and sorted. */
  readonly #texts: readonly string[];
  /** The widest wildcards: none of them covers another, so that one alone can cover what is asked for. */
  readonly #widest: readonly string[];

  constructor(hosts: readonly string[]) {
    this.#exact = new Set(hosts);
    this.#texts = hosts.map((host) => backwards(isWild(host) ? host.slice(1) : host)).sort(compare);
    const widest: string[] = [];
    for (const text of hosts.filter(isWild).map((host) => backwards(host.slice(1))).sort(compare)) {
      const last = widest.at(-1);
      if (last === undefined || !text.startsWith(last)) widest.push(text);
    }
    this.#widest = widest;
  }

  /** Whether one of them is this name, or a wildcard that covers it. */
  covers(name: string): boolean {
    return this.#exact.has(name) || this.#isUnder(backwards(name));
  }

  /** Whether some name is meant by this host and by one of them. */
  overlaps(host: string): boolean {
    if (!isWild(host)) return this.covers(host);
    const text = backwards(host.slice(1));
    return this.#isUnder(text) || (this.#texts[firstNotBefore(this.#texts, text)]?.startsWith(text) ?? false);
  }

  #isUnder(text: string): boolean {
    const at = firstNotBefore(this.#widest, text);
    const [here, before] = [this.#widest[at], this.#widest[at - 1]];
    return here === text || (before !== undefined && text.startsWith(before));
  }
}

/** By code units, so that what begins alike stands together. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function firstNotBefore(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(sorted[middle] ?? '', text) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
