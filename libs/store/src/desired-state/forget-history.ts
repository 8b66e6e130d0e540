import type { RetentionRule } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';

export interface Forgotten {
  readonly states: number;
  readonly bodies: number;
  readonly answers: number;
  readonly renderings: number;
}

/**
 * Forgets at most `limit` desired states that the rule no longer keeps (the planner's `isForgettable`), bodies that no
 * state refers to, and answers of mutations older than 24 hours, each, and renderings that no cluster was
 * given; and the schemas that no cluster serves any more. Contents of objects are never forgotten: a version
 * of a policy, which refers to them, stays readable for good.
 */
export async function forgetHistory(tx: Tx, rule: RetentionRule, now: Date, limit: number): Promise<Forgotten> {
  const states = await tx.query(STATES, [tx.organizationId, Math.max(1, rule.keepRevisions), rule.keepDays, now, limit]);
  const bodies = await tx.query(BODIES, [tx.organizationId, now, limit]);
  await tx.query(SCHEMAS, [tx.organizationId, now]);
  const answers = await tx.query(ANSWERS, [tx.organizationId, now, limit]);
  const renderings = await tx.query(RENDERINGS, [tx.organizationId, now, limit]);
  return { states: states.rowCount, bodies: bodies.rowCount, answers: answers.rowCount, renderings: renderings.rowCount };
}

const STATES = `
  delete from desired_state d using (
    select d.cluster_id, d.revision from desired_state d join cluster c on c.id = d.cluster_id
    where d.organization_id = $1 and d.revision <= c.desired_revision - $2 and d.created_at < $4::timestamptz - make_interval(hours => 24 * $3)
    limit $5) as old
  where d.cluster_id = old.cluster_id and d.revision = old.revision`;

// An hour, because a compilation may be about to refer to a body that it found stored. If it does so at this very moment,
// the foreign key refuses the deletion and the next run finds the body in use.
const BODIES = `
  delete from desired_state_body b using (
    select b.digest from desired_state_body b
    where b.organization_id = $1 and b.created_at < $2::timestamptz - interval '1 hour'
      and not exists (select from desired_state d where d.organization_id = $1 and d.digest = b.digest)
    limit $3) as old
  where b.organization_id = $1 and b.digest = old.digest`;

// An hour, as above. A cluster that comes to serve one at this very moment is asked for it again with its next facts.
const SCHEMAS = `
  with served as materialized (
    select distinct e.value as digest from cluster c
    cross join lateral jsonb_each_text(case when jsonb_typeof(c.facts->'kindSchemas') = 'object' then c.facts->'kindSchemas' else '{}' end) e
    where c.organization_id = $1 and c.lifecycle <> 'EVICTED')
  delete from kind_schema k
  where k.organization_id = $1 and k.created_at < $2::timestamptz - interval '1 hour' and not exists (select from served s where s.digest = k.digest)`;

// A day, for the next cluster that is alike, and for who goes back to the version before. It is made anew whenever it is asked for.
const RENDERINGS = `
  delete from policy_rendering g using (
    select r.policy_id, r.version, r.rendering from policy_rendering r
    where r.organization_id = $1 and r.created_at < $2::timestamptz - interval '24 hours'
      and not exists (select from policy_cluster x where x.organization_id = $1 and x.policy_id = r.policy_id and x.version = r.version and x.rendering = r.rendering)
    limit $3) as old
  where g.organization_id = $1 and g.policy_id = old.policy_id and g.version = old.version and g.rendering = old.rendering`;

const ANSWERS = `
  delete from idempotency i using (
    select key from idempotency where organization_id = $1 and created_at < $2::timestamptz - interval '24 hours' limit $3) as old
  where i.organization_id = $1 and i.key = old.key`;
