/** Why a part could not be built, as far as the build's own words tell. */
export interface BuildFailure {
  readonly why: string;
  /** True for what would befall the next part as well: it is not worth the wait. */
  readonly concernsAll: boolean;
}

const FULL = /no space left on device|disk quota exceeded/i;
/** What Go and pip say when they cannot fetch anything, as against a build that is wrong. */
const UNREACHABLE =
  /module lookup disabled by GOPROXY=off|no such host|dial tcp|i\/o timeout|connection refused|network is unreachable|server misbehaving|Temporary failure in name resolution|Failed to establish a new connection|NewConnectionError|Could not find a version that satisfies/i;

/** `lines` are the last ones that the build wrote. */
export function buildFailureOf(lines: readonly string[]): BuildFailure {
  const saying = (pattern: RegExp): string | undefined => lines.find((line) => pattern.test(line))?.trim();
  const full = saying(FULL);
  if (full !== undefined) return { why: `the disk is full (${full})`, concernsAll: true };
  const unreachable = saying(UNREACHABLE);
  if (unreachable !== undefined) return { why: `it cannot be downloaded (${unreachable})`, concernsAll: true };
  return { why: lines.join('\n').trim() || 'its build ended without a word', concernsAll: false };
}
