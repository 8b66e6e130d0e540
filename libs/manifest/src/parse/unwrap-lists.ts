import type { Json, JsonObject } from '@meshfleet/model';

export interface Unwrapped {
  readonly value: Json;
  /** Path from the document to the object: empty, or `items[3]`. */
  readonly path: string;
  readonly item?: number;
}

/**
 * The objects of a document: itself, or the items of a `kind: List`, nested ones included. Items of a typed list
 * (`VirtualServiceList`) may leave out what the list says already.
 */
export function unwrapLists(value: JsonObject, path = ''): Unwrapped[] {
  const kind = value['kind'];
  const items = value['items'];
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [{ value, path }];
  const typed = kind === 'List' ? {} : { apiVersion: value['apiVersion'] ?? '', kind: kind.slice(0, -'List'.length) };
  return (items as readonly Json[]).flatMap((item, i): Unwrapped[] => {
    const at = path === '' ? `items[${i}]` : `${path}.items[${i}]`;
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return [{ value: item, path: at, item: i }];
    return unwrapLists({ ...typed, ...(item as JsonObject) }, at).map((one) => ({ ...one, item: i }));
  });
}
