import type { Environment } from '@marcbachmann/cel-js';
import { createCelEnvironment } from './environment.ts';

let environment: Environment | undefined;

/**
 * Why a text is no CEL expression; undefined when it is one. Says nothing of the names in it: whoever evaluates the
 * expression (a proxy, for its access log) knows them.
 */
export function celSyntaxError(text: string): string | undefined {
  environment ??= createCelEnvironment();
  try {
    environment.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
}
