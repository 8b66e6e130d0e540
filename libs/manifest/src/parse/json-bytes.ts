import type { Json } from '@meshfleet/model';

/**
 * How many bytes a value takes as JSON in UTF-8. Counting stops soon after the limit: aliases may make a small
 * text stand for terabytes.
 */
export function jsonBytes(value: Json, limit: number): number {
  let bytes = 0;
  const count = (one: Json): void => {
    if (bytes > limit) return;
    if (typeof one === 'string') {
      bytes += stringBytes(one);
    } else if (Array.isArray(one)) {
      bytes += 1 + Math.max(one.length, 1);
      for (const item of one as readonly Json[]) {
        if (bytes > limit) return;
        count(item);
      }
    } else if (typeof one === 'object' && one !== null) {
      const keys = Object.keys(one);
      bytes += 1 + Math.max(keys.length, 1);
      for (const key of keys) {
        if (bytes > limit) return;
        bytes += stringBytes(key) + 1;
        count((one as { readonly [key: string]: Json })[key] as Json);
      }
    } else {
      bytes += String(one).length;
    }
  };
  count(value);
  return bytes;
}

function stringBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}
