import type { KubeObject } from '@meshfleet/model';

const whole = new WeakMap<KubeObject, string>();
const bare = new WeakMap<KubeObject, string>();

/** JSON of an object. Frozen objects do not change, so a watched object is written once for all its watchers. */
export function objectJson(object: KubeObject): string {
  return cached(whole, object, object);
}

/** JSON without apiVersion and kind: how items of built-in lists travel. */
export function itemJson(object: KubeObject): string {
  return cached(bare, object, { ...object, apiVersion: undefined, kind: undefined });
}

function cached(cache: WeakMap<KubeObject, string>, key: KubeObject, value: unknown): string {
  if (!Object.isFrozen(key)) return JSON.stringify(value);
  let text = cache.get(key);
  if (text === undefined) {
    text = JSON.stringify(value);
    cache.set(key, text);
  }
  return text;
}
