import type { Environment } from '@marcbachmann/cel-js';
import { createCelEnvironment } from './environment.ts';
import { mentionsOldSelf, rewriteSource } from './rewrite-source.ts';

/** What evaluating an expression came to: its value, or CEL's error in the API server's words. */
export type CelOutcome = { readonly value: unknown } | { readonly error: string };

export interface CompiledExpression {
  readonly usesOldSelf: boolean;
  evaluate(self: unknown, oldSelf: unknown): CelOutcome;
}

/** Conversions of schema formats to the types of the CEL runtime. */
export interface CelConversions {
  duration(text: string): unknown;
  bytes(base64: string): Uint8Array;
}

let environment: Environment | undefined;
let conversions: CelConversions | undefined;
const compiled = new Map<string, CompiledExpression | { readonly error: string }>();

function sharedEnvironment(): Environment {
  environment ??= createCelEnvironment();
  return environment;
}

/** Compiles an expression once per process; equal texts share the result. The error says why it cannot be compiled. */
export function compileExpression(text: string): CompiledExpression | { readonly error: string } {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  const result = compile(text);
  compiled.set(text, result);
  return result;
}

export function celConversions(): CelConversions {
  if (conversions !== undefined) return conversions;
  const duration = sharedEnvironment().parse('goDuration(self)');
  conversions = {
    duration: (text) => duration({ self: text }) as unknown,
    bytes: (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)),
  };
  return conversions;
}

function compile(text: string): CompiledExpression | { readonly error: string } {
  const env = sharedEnvironment();
  try {
    const program = env.parse(rewriteSource(text));
    const checked = program.check();
    if (!checked.valid) return { error: `compilation failed: ${summaryOf(checked.error)}` };
    const usesOldSelf = mentionsOldSelf(text);
    return {
      usesOldSelf,
      evaluate(self, oldSelf) {
        try {
          return { value: program(usesOldSelf ? { self, oldSelf } : { self }) as unknown };
        } catch (error) {
          return { error: inGoWords(summaryOf(error)) };
        }
      },
    };
  } catch (error) {
    return { error: `compilation failed: ${summaryOf(error)}` };
  }
}

function summaryOf(error: unknown): string {
  if (error instanceof Error) return 'summary' in error && typeof error.summary === 'string' ? error.summary : (error.message.split('\n')[0] ?? '');
  return String(error);
}

/** cel-go's wording for the errors that rules meet in practice. */
function inGoWords(summary: string): string {
  if (summary.startsWith('No such key: index out of bounds, index ')) return `index out of bounds: ${/index (-?\d+)/.exec(summary.slice(32))?.[1] ?? ''}`;
  if (summary.startsWith('No such key: ')) return `no such key: ${summary.slice('No such key: '.length)}`;
  if (/^(no such overload|found no matching overload)/.test(summary)) return 'no such overload';
  const conversion = /^(int|uint|double|bool)\(\) (?:type|conversion) error/.exec(summary);
  if (conversion !== null) return `type conversion error from 'string' to '${conversion[1] ?? ''}'`;
  return summary;
}
