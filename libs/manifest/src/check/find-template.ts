import type { Json } from '@meshfleet/model';

const TEMPLATE = /\{\{-?\s*(?:[.$]\w|(?:include|template|if|else|range|with|end|define|toYaml|tpl|required|default|quote|printf|lookup)\b)/;

/**
 * Path of the first text that a template engine should have filled in: quoted, `host: "{{ .Values.host }}"` is sound
 * YAML. Texts of several lines are let pass; they hold programs and templates of their own right.
 */
export function findTemplate(value: Json, path = ''): string | undefined {
  if (typeof value === 'string') return TEMPLATE.test(value) && !value.includes('\n') ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, one] of Object.entries(value)) {
    const found = findTemplate(one as Json, Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
