/** A value of the cluster that a text refers to. */
export const CLUSTER_FIELDS = ['name', 'uid', 'region', 'zone', 'network', 'mesh'] as const;
export type ClusterField = (typeof CLUSTER_FIELDS)[number];

export interface Reference {
  readonly to: { readonly field: ClusterField } | { readonly label: string } | { readonly variable: string };
  /** What stands for it where there is no value: `${cluster.region:-eu}`. */
  readonly fallback: string | undefined;
  /** As it is written. */
  readonly text: string;
}

// Texts are anybody's: what a match may span ends where the next one may begin, so that no text is scanned more than a few times.
const REFERENCE =
  /(\$?)(\$\{(?:cluster\.(?:(name|uid|region|zone|network|mesh)|labels\.([A-Za-z0-9](?:[-A-Za-z0-9_./]{0,316}[A-Za-z0-9])?))|var\.([A-Za-z_][-A-Za-z0-9_]{0,316}))(?::-((?:[^}$]|\$(?!\{)){0,1024}))?\})/g;
/** What looks like a reference of ours and is none. */
const NEARLY = /\$\{(?:cluster|var)\.(?:[^}$]|\$(?!\{)){0,2048}\}/g;

/**
 * Splits a text into what stands for itself and what stands for a value. Whatever else begins with a dollar sign is left as
 * it is: Envoy, Lua and shells have uses of their own for it. `$${cluster.name}` is the text `${cluster.name}`.
 */
export function splitReferences(text: string): readonly (string | Reference)[] {
  if (!text.includes('${')) return text === '' ? [] : [text];
  const parts: (string | Reference)[] = [];
  let literal = '';
  let end = 0;
  for (const match of text.matchAll(REFERENCE)) {
    const [all, escape, reference = '', field, label, variable, fallback] = match;
    literal += text.slice(end, match.index);
    end = match.index + all.length;
    if (escape === '$') {
      literal += reference;
      continue;
    }
    if (literal !== '') parts.push(literal);
    literal = '';
    const to = field !== undefined ? { field: field as ClusterField } : label !== undefined ? { label } : { variable: variable ?? '' };
    parts.push({ to, fallback, text: reference });
  }
  literal += text.slice(end);
  if (literal !== '') parts.push(literal);
  return parts;
}

/** Whether the text means anything but itself. */
export function hasReferences(text: string): boolean {
  return text.includes('${') && text.search(REFERENCE) !== -1;
}

/** Texts like `${cluster.regoin}` that were probably meant as references and are left as they are. */
export function nearlyReferences(text: string): string[] {
  return (text.match(NEARLY) ?? []).filter((found) => !hasReferences(found));
}

/** How a reference is named among what a rendering depends on: `region`, `labels.env`; undefined for variables. */
export function inputOf({ to }: Reference): string | undefined {
  if ('field' in to) return to.field;
  return 'label' in to ? `labels.${to.label}` : undefined;
}
