/**
 * SQL that is true when two JSON lists of object keys may name one object. A name that a variable fills in may be any.
 * Which keys a cluster gets is known when it is rendered; what may be is known before. Keys are matched by their hash; only
 * those with a variable are held against every other one.
 */
export function mayOverlap(one: string, other: string): string {
  return `(exists (select jsonb_array_elements_text(${one}) intersect select jsonb_array_elements_text(${other}))
    or ${anyIsMatched(one, other)} or ${anyIsMatched(other, one)})`;
}

function anyIsMatched(variable: string, any: string): string {
  return `exists (with pattern as materialized (select ${patternOf('a.value')} as text from jsonb_array_elements_text(${variable}) a where strpos(a.value, '\${') > 0)
    select from pattern cross join jsonb_array_elements_text(${any}) b where b.value like pattern.text)`;
}

/** As a pattern of LIKE: a variable stands for anything, everything else for itself. */
function patternOf(key: string): string {
  return `regexp_replace(regexp_replace(${key}, '([\\\\%_])', '\\\\\\1', 'g'), '\\$\\{[^}]*\\}', '%', 'g')`;
}

/** SQL for the keys of all objects of a policy that clusters have or may be about to get, and of `more` versions of it. */
export function heldObjectKeys(policyId: string, more: readonly string[] = []): string {
  const versions = [
    `select x.version from policy_cluster x where x.organization_id = $1 and x.policy_id = ${policyId} and x.version is not null`,
    `select p.stable_version from policy p where p.id = ${policyId}`,
    ...more.map((version) => `select ${version}`),
  ];
  return `(select coalesce(jsonb_agg(distinct o.key), '[]') from (${versions.join(' union ')}) w (version)
    join policy_version v on v.policy_id = ${policyId} and v.version = w.version
    cross join lateral jsonb_to_recordset(v.objects) as o (key text))`;
}
