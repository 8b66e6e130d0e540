import { Environment, Optional } from '@marcbachmann/cel-js';
import { goRegExp } from '../schema/go-regexp.ts';
import { isGoDuration } from '../schema/string-formats.ts';
import { celFailure } from './cel-failure.ts';
import { formatText } from './format-text.ts';
import { NAMED_FORMATS, NamedFormat } from './named-formats.ts';

class FormatNamespace {}

/** Strings, regular expressions, durations and `format.*()`. Positions count code points, as in CEL. */
export function registerText(environment: Environment): void {
  const parseDuration = new Environment().registerVariable('text', 'string').parse('duration(text)');
  const duration = (text: string): unknown => {
    if (!isGoDuration(text)) throw celFailure(`type conversion error from 'string' to 'duration'`);
    const result: unknown = parseDuration({ text: /^[+-]?0$/.test(text) ? '0s' : text.replaceAll('μ', 'µ') });
    return result;
  };

  environment.registerFunction('goDuration(string): google.protobuf.Duration', duration);
  environment.registerFunction('goDuration(google.protobuf.Duration): google.protobuf.Duration', (value: unknown) => value);
  environment.registerFunction('string.goMatches(string): bool', (text: string, pattern: string) => regexp(pattern).test(text));
  environment.registerFunction('goMatches(string, string): bool', (text: string, pattern: string) => regexp(pattern).test(text));
  environment.registerFunction('string.find(string): string', (text: string, pattern: string) => regexp(pattern).exec(text)?.[0] ?? '');
  environment.registerFunction('string.findAll(string): list<string>', (text: string, pattern: string) => findAll(text, pattern, -1n));
  environment.registerFunction('string.findAll(string, int): list<string>', findAll);
  environment.registerFunction('string.goLowerAscii(): string', (text: string) => text.replace(/[A-Z]/g, (c) => c.toLowerCase()));
  environment.registerFunction('string.goUpperAscii(): string', (text: string) => text.replace(/[a-z]/g, (c) => c.toUpperCase()));
  environment.registerFunction('string.goSubstring(int): string', (text: string, start: bigint) => substring(text, start, undefined));
  environment.registerFunction('string.goSubstring(int, int): string', substring);
  environment.registerFunction('string.goIndexOf(string): int', (text: string, part: string) => indexOf(text, part, 0n));
  environment.registerFunction('string.goIndexOf(string, int): int', indexOf);
  environment.registerFunction('string.goLastIndexOf(string): int', (text: string, part: string) => position(text, text.lastIndexOf(part)));
  environment.registerFunction('string.charAt(int): string', charAt);
  environment.registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) => text.replaceAll(from, () => to));
  environment.registerFunction('string.replace(string, string, int): string', replaceFirst);
  environment.registerFunction('string.reverse(): string', (text: string) => [...text].reverse().join(''));

  environment.registerFunction('string.format(list): string', formatText);

  environment.registerType('kubernetes.FormatNamespace', FormatNamespace);
  environment.registerType('kubernetes.NamedFormat', NamedFormat);
  environment.registerConstant('format', 'kubernetes.FormatNamespace', new FormatNamespace());
  for (const named of Object.values(NAMED_FORMATS)) {
    environment.registerFunction(`kubernetes.FormatNamespace.${named.name}(): kubernetes.NamedFormat`, () => named);
  }
  environment.registerFunction('kubernetes.FormatNamespace.named(string): optional<kubernetes.NamedFormat>', (_: unknown, name: string) =>
    Object.hasOwn(NAMED_FORMATS, name) ? Optional.of(NAMED_FORMATS[name]) : Optional.none(),
  );
  environment.registerFunction('kubernetes.NamedFormat.validate(string): optional<list<string>>', (format: NamedFormat, text: string) => {
    const problems = format.problems(text);
    return problems.length === 0 ? Optional.none() : Optional.of(problems);
  });
}

function regexp(pattern: string): RegExp {
  const compiled = goRegExp(pattern);
  if (compiled === undefined) throw celFailure(`error parsing regexp: ${pattern}`);
  return compiled;
}

function findAll(text: string, pattern: string, limit: bigint): string[] {
  const compiled = regexp(pattern);
  const all = [...text.matchAll(new RegExp(compiled.source, `${compiled.flags}g`))].map((match) => match[0]);
  return limit < 0n ? all : all.slice(0, Number(limit));
}

function substring(text: string, start: bigint, end: bigint | undefined): string {
  const points = [...text];
  const last = end ?? BigInt(points.length);
  if (start < 0n || start > BigInt(points.length)) throw celFailure(`index out of range: ${start}`);
  if (last < start || last > BigInt(points.length)) throw celFailure(`invalid substring range. start: ${start}, end: ${last}`);
  return points.slice(Number(start), Number(last)).join('');
}

function charAt(text: string, at: bigint): string {
  const points = [...text];
  if (at < 0n || at > BigInt(points.length)) throw celFailure(`index out of range: ${at}`);
  return points[Number(at)] ?? '';
}

function indexOf(text: string, part: string, from: bigint): bigint {
  const points = [...text];
  if (from < 0n || from > BigInt(points.length)) throw celFailure(`index out of range: ${from}`);
  return position(text, text.indexOf(part, points.slice(0, Number(from)).join('').length));
}

function position(text: string, unit: number): bigint {
  return unit === -1 ? -1n : BigInt([...text.slice(0, unit)].length);
}

function replaceFirst(text: string, from: string, to: string, count: bigint): string {
  if (count < 0n) return text.replaceAll(from, () => to);
  let out = text;
  let at = 0;
  for (let i = 0n; i < count; i += 1n) {
    const found = out.indexOf(from, at);
    if (found === -1) break;
    out = out.slice(0, found) + to + out.slice(found + from.length);
    at = found + to.length;
  }
  return out;
}
