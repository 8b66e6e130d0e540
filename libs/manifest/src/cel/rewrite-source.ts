/**
 * Functions and macros whose behaviour in Go differs from the package's. The package admits no second definition of
 * a name, so rules call ours by another: `matches` is RE2, `duration` takes "0", `has` takes any selection
 * (`has(self.matches[0].path)`), and positions in strings count code points.
 */
const REPLACED: Readonly<Record<string, string>> = {
  has: 'goHas',
  matches: 'goMatches',
  duration: 'goDuration',
  lowerAscii: 'goLowerAscii',
  upperAscii: 'goUpperAscii',
  substring: 'goSubstring',
  indexOf: 'goIndexOf',
  lastIndexOf: 'goLastIndexOf',
};

const LITERALS = String.raw`[rRbB]{0,2}"""[^]*?"""|[rRbB]{0,2}'''[^]*?'''|[rR][bB]?"[^"\n]*"|[rR][bB]?'[^'\n]*'|[bB]?"(?:\\.|[^"\\\n])*"|[bB]?'(?:\\.|[^'\\\n])*'`;
const CALLS = new RegExp(String.raw`${LITERALS}|\b(${Object.keys(REPLACED).join('|')})(?=\s*\()`, 'g');
const OLD_SELF = new RegExp(String.raw`${LITERALS}|\b(oldSelf)\b`, 'g');

/** The expression with our functions in place of the package's; string literals stay untouched. */
export function rewriteSource(expression: string): string {
  return expression.replace(CALLS, (whole, name: string | undefined) => (name === undefined ? whole : (REPLACED[name] ?? whole)));
}

/** True when the expression compares with the object before an update. */
export function mentionsOldSelf(expression: string): boolean {
  return [...expression.matchAll(OLD_SELF)].some((match) => match[1] !== undefined);
}
