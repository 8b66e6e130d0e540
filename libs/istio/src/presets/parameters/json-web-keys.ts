import { z } from 'zod';

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** A JSON Web Key Set with public keys alone: it will stand readable in every cluster. */
export const jsonWebKeysField = z
  .string()
  .refine((text) => keysOf(text) !== undefined, 'Must be a JSON Web Key Set: {"keys":[…]} with at least one key')
  .refine((text) => !(keysOf(text) ?? []).some((key) => PRIVATE_MEMBERS.some((member) => member in key)), 'Holds a private or symmetric key: give the public keys alone, and consider the key in it known to others')
  .meta({ examples: ['{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"2026-11","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}'] });

function keysOf(text: string): readonly Record<string, unknown>[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const keys = typeof parsed === 'object' && parsed !== null && 'keys' in parsed ? parsed.keys : undefined;
    return Array.isArray(keys) && keys.length > 0 && keys.every(isKey) ? keys : undefined;
  } catch {
    return undefined;
  }
}

function isKey(key: unknown): key is Record<string, unknown> {
  return typeof key === 'object' && key !== null && 'kty' in key && typeof key.kty === 'string';
}
