import type { Json } from '@meshfleet/model';

const TRUE = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']);
const FALSE = new Set(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']);
const NULL = new Set(['', '~', 'null', 'Null', 'NULL']);
const NOT_FINITE = new Set(['.nan', '.NaN', '.NAN', '.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF', '-.inf', '-.Inf', '-.INF']);

/** A number that JSON cannot hold. */
export const NOT_A_JSON_NUMBER = Symbol('not a JSON number');

/**
 * What a plain scalar means to kubectl. It reads YAML 1.1 through sigs.k8s.io/yaml: `on` and `yes` are true, `0644` is
 * octal, `1_000` is a thousand; dates stay text and base-60 numbers do not exist (go.yaml.in/yaml/v2, resolve.go).
 */
export function resolvePlain(text: string): Json | typeof NOT_A_JSON_NUMBER {
  if (NULL.has(text)) return null;
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  const first = text.charCodeAt(0);
  const numeric = (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46;
  if (!numeric) return text;
  if (NOT_FINITE.has(text)) return NOT_A_JSON_NUMBER;
  return resolveNumber(text) ?? text;
}

/** A number in Go's notations; undefined when the text is none. */
export function resolveNumber(text: string): number | undefined {
  const plain = text.replaceAll('_', '');
  const sign = plain.startsWith('-') ? -1 : 1;
  const digits = plain.replace(/^[-+]/, '');
  if (/^0[xX][0-9a-fA-F]+$/.test(digits) || /^0[bB][01]+$/.test(digits) || /^0[oO][0-7]+$/.test(digits)) return sign * Number(digits.toLowerCase());
  if (/^0[0-7]+$/.test(digits)) return sign * Number.parseInt(digits, 8);
  // `089` is no octal number; Go falls back to reading it as a float.
  if (!/^(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(digits)) return undefined;
  const value = sign * Number(digits);
  return Number.isFinite(value) ? value : undefined;
}
