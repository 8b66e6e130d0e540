/**
 * SQL that is true when two JSON lists of object keys may name one object. A name that a variable fills in may be any.
 * Which keys a cluster gets is known when it is rendered; what may be is known before.
 */
export function mayOverlap(one: string, other: string): string {
  return `exists (select from jsonb_array_elements_text(${one}) a cross join jsonb_array_elements_text(${other}) b
    where a.value = b.value or b.value like ${patternOf('a.value')} or a.value like ${patternOf('b.value')})`;
}

/** As a pattern of LIKE: a variable stands for anything, everything else for itself. */
function patternOf(key: string): string {
  return `regexp_replace(regexp_replace(${key}, '([\\\\%_])', '\\\\\\1', 'g'), '\\$\\{[^}]*\\}', '%', 'g')`;
}
