import { EXPIRES_AT, METADATA_KIND_NAMES } from '@meshfleet/model';
import { ANY_FIELD } from '@meshfleet/planner';

const METADATA = `'{${METADATA_KIND_NAMES.join(',')}}'::text[]`;
const PLACES = [['metadata', 'labels'], ['metadata', 'annotations'], ['spec', 'template', 'metadata', 'labels'], ['spec', 'template', 'metadata', 'annotations']] as const;

/**
 * SQL that is true when two JSON lists of what is touched (`touchedNames`) may name one thing. A name that a variable fills in may be any.
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

/** What of `o`, an object of version `v`, that version may touch: the planner's `touchedNames`. `c` is its content, where that is the same everywhere. */
const TOUCHED = `
  select o.key where ${kindOf('o.key')} <> all(${METADATA})
  union all select o.key || ' ${ANY_FIELD}' where ${kindOf('o.key')} = any(${METADATA}) and c.hash is null
  union all select o.key || ' ' || place.path || '.' || mark.key from (values ${PLACES.map((path) => `('.${path.join('.')}', c.body #> '{${path.join(',')}}')`).join(', ')}) as place (path, marks)
    cross join lateral jsonb_object_keys(case when jsonb_typeof(place.marks) = 'object' then place.marks else '{}' end) as mark (key)
    where place.path <> '.metadata.annotations' or mark.key <> '${EXPIRES_AT}'`;

/** SQL for what all objects of a policy touch that clusters have or may be about to get, and those of `more` versions of it; the organization's id is $1. */
export function heldObjectKeys(policyId: string, more: readonly string[] = []): string {
  const versions = [
    `select x.version from policy_cluster x where x.organization_id = $1 and x.policy_id = ${policyId} and x.version is not null`,
    `select p.stable_version from policy p where p.id = ${policyId}`,
    ...more.map((version) => `select ${version}`),
  ];
  return `(select coalesce(jsonb_agg(distinct n.name), '[]') from (${versions.join(' union ')}) w (version)
    join policy_version v on v.policy_id = ${policyId} and v.version = w.version
    cross join lateral ${touchedByVersion('v')} as n (name))`;
}

/** SQL for what the objects of a version touch, of those that a condition on `o.key` holds of; the organization's id is $1. */
export function touchedByVersion(version: string, condition = 'true'): string {
  return `(select n.name from jsonb_to_recordset(${version}.objects) as o (key text, hash text)
    left join lateral (select y.hash, y.body from object_content y
      where ${version}.inputs is null and ${kindOf('o.key')} = any(${METADATA}) and y.organization_id = $1 and y.hash = o.hash offset 0) c on true
    cross join lateral (${TOUCHED}) as n (name) where ${condition})`;
}

function kindOf(key: string): string {
  return `split_part(${key}, '/', 1)`;
}
