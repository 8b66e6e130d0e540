/**
 * Go's regular expressions (RE2) run on JavaScript's engine.
 * Patterns of CRDs and CEL's `matches` are RE2; the two languages differ in a few constructs that real CRDs use:
 * flags in the middle of a pattern (`^(?i)abc`), `\z`, `\A`, `\Q...\E`, `(?P<name>...)` and POSIX classes.
 */
const cache = new Map<string, RegExp | undefined>();

/** The compiled expression; undefined when the pattern is not valid. */
export function goRegExp(pattern: string): RegExp | undefined {
  if (cache.has(pattern)) return cache.get(pattern);
  const compiled = compile(pattern);
  if (cache.size > 4096) cache.clear();
  cache.set(pattern, compiled);
  return compiled;
}

function compile(pattern: string): RegExp | undefined {
  const source = translate(pattern);
  for (const flags of ['u', '']) {
    try {
      return new RegExp(source, flags);
    } catch {
      // JavaScript's Unicode mode refuses escapes such as \- that RE2 takes; the older mode takes them.
    }
  }
  return undefined;
}

const POSIX: Record<string, string> = {
  alnum: '0-9A-Za-z', alpha: 'A-Za-z', ascii: '\\x00-\\x7F', blank: '\\t ', cntrl: '\\x00-\\x1F\\x7F', digit: '0-9', graph: '!-~',
  lower: 'a-z', print: ' -~', punct: '!-/:-@[-`{-~', space: '\\t\\n\\v\\f\\r ', upper: 'A-Z', word: '0-9A-Za-z_', xdigit: '0-9A-Fa-f',
};

function translate(pattern: string): string {
  let out = '';
  let inClass = false;
  // Groups that a mid-pattern flag opened; they close where the group around the flag closes.
  const extra = [0];
  for (let i = 0; i < pattern.length; ) {
    const rest = pattern.slice(i, i + 64);
    let match: RegExpExecArray | null;
    if (rest.startsWith('\\Q')) {
      const end = pattern.indexOf('\\E', i);
      const literal = pattern.slice(i + 2, end === -1 ? undefined : end);
      out += literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
      i = end === -1 ? pattern.length : end + 2;
    } else if (rest[0] === '\\') {
      const two = rest.slice(0, 2);
      if (two === '\\z') out += '$(?![^])';
      else if (two === '\\A') out += '(?<![^])';
      else out += two;
      i += 2;
    } else if (inClass) {
      if ((match = /^\[:(\^?)(\w+):\]/.exec(rest)) !== null && match[1] === '') {
        out += POSIX[match[2] ?? ''] ?? '';
        i += match[0].length;
        continue;
      }
      if (rest[0] === ']') inClass = false;
      out += rest[0] === '[' ? '\\[' : rest[0];
      i += 1;
    } else if (rest[0] === '[') {
      match = /^\[\^?\]?/.exec(rest);
      const head = match?.[0] ?? '[';
      out += head.endsWith(']') ? `${head.slice(0, -1)}\\]` : head;
      inClass = true;
      i += head.length;
    } else if (rest.startsWith('(?P<')) {
      out += '(?<';
      extra.push(0);
      i += 4;
    } else if ((match = /^\(\?([imsU]*)(?:-([imsU]+))?\)/.exec(rest)) !== null) {
      const on = (match[1] ?? '').replace('U', '');
      const off = (match[2] ?? '').replace('U', '');
      out += `(?${on}${off === '' ? '' : `-${off}`}:`;
      extra[extra.length - 1] = (extra.at(-1) ?? 0) + 1;
      i += match[0].length;
    } else if (rest[0] === '(') {
      out += '(';
      extra.push(0);
      i += 1;
    } else if (rest[0] === ')') {
      out += `${')'.repeat(extra.length > 1 ? (extra.pop() ?? 0) : 0)})`;
      i += 1;
    } else if (rest[0] === '|' && (extra.at(-1) ?? 0) > 0) {
      // A flag reaches past `|` in RE2; an opened group must not swallow the alternative.
      out += '|';
      i += 1;
    } else {
      out += rest[0] ?? '';
      i += 1;
    }
  }
  return out + ')'.repeat(extra[0] ?? 0);
}
