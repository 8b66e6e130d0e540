import type { Json } from '@meshfleet/model';

/** Calls back for each text of a value, keys of mappings left out, with its path as the API server writes it. */
export function walkTexts(value: Json, visit: (text: string, path: string) => void, path = ''): void {
  if (typeof value === 'string') visit(value, path);
  else if (Array.isArray(value)) (value as readonly Json[]).forEach((item, index) => walkTexts(item, visit, `${path}[${index}]`));
  else if (typeof value === 'object' && value !== null) {
    for (const [key, one] of Object.entries(value)) walkTexts(one as Json, visit, joinPath(path, key));
  }
}

export function joinPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
