import type { ClusterPhase, RolloutState, RolloutStrategy } from '@meshfleet/planner';
import type { Client } from 'pg';

interface Row {
  readonly seq: number;
  /** Milliseconds since 1970, before the commit. */
  readonly at: number;
  /** The transaction that wrote it. */
  readonly tx: string;
}
/** A rollout was written. */
export interface RolloutWritten extends Row {
  readonly kind: 'ROLLOUT';
  readonly rolloutId: string;
  readonly policyId: string;
  readonly version: number | null;
  readonly planned: boolean;
  readonly active: boolean;
  readonly strategy: RolloutStrategy;
  readonly objectKeys: readonly string[];
  readonly state: Omit<RolloutState, 'clusters'>;
}
/** What a rollout says of one of its clusters was written, with where the rollout stood at that moment. */
export interface WordWritten extends Row {
  readonly kind: 'WORD';
  readonly rolloutId: string;
  readonly clusterId: string;
  readonly wave: number;
  readonly phase: ClusterPhase;
  readonly reason: string | null;
  readonly accepted: boolean;
  readonly held: number | null;
  readonly target: number | null;
  readonly version: number | null;
  /** Null before the rollout's plan is written. */
  readonly state: Omit<RolloutState, 'clusters'> | null;
}
/** A policy was assigned to a cluster, at another version, or taken away. */
export interface Assigned extends Row {
  readonly kind: 'ASSIGNED';
  readonly policyId: string;
  readonly clusterId: string;
  readonly version: number | null;
}
/** A cluster got a new desired state. */
export interface Desired extends Row {
  readonly kind: 'DESIRED';
  readonly clusterId: string;
  readonly entries: readonly { readonly key: string; readonly policyId: string }[];
}
export type Happened = RolloutWritten | WordWritten | Assigned | Desired;

/**
 * Lets Postgres itself write down what becomes of rollouts: in the transactions that do it, so that what was rolled back
 * was never there, and in their order. Nothing of the product knows of it.
 */
export async function recordHistory(admin: Client): Promise<void> {
  await admin.query(RECORD);
}

/** Everything since `after`, in the order in which it was written. */
export async function readHistory(admin: Client, after: number): Promise<Happened[]> {
  const { rows } = await admin.query<{ happened: Happened }>(`select body || jsonb_build_object('seq', seq, 'at', (extract(epoch from at) * 1000)::float8, 'tx', tx::text, 'kind', kind) as happened from witness.history where seq > $1 order by seq`, [after]);
  return rows.map(({ happened }) => happened);
}

export async function lastOfHistory(admin: Client): Promise<number> {
  const { rows } = await admin.query<{ seq: string }>('select coalesce(max(seq), 0) as seq from witness.history');
  return Number(rows[0]?.seq);
}

const RECORD = `
  create schema witness;
  create table witness.history (seq bigint generated always as identity primary key, at timestamptz not null default clock_timestamp(), tx xid8 not null default pg_current_xact_id(), kind text not null, body jsonb not null);

  create function witness.rollout() returns trigger language plpgsql security definer as $$
  begin
    insert into witness.history (kind, body) values ('ROLLOUT', jsonb_build_object('rolloutId', new.id, 'policyId', new.policy_id, 'version', new.version,
      'planned', new.planned, 'active', new.active, 'strategy', new.strategy, 'objectKeys', new.object_keys, 'state', new.state));
    return null;
  end $$;
  create trigger witness_insert after insert on rollout for each row execute function witness.rollout();
  create trigger witness_update after update on rollout for each row
    when (old.state is distinct from new.state or old.active <> new.active or old.planned <> new.planned) execute function witness.rollout();

  create function witness.word() returns trigger language plpgsql security definer as $$
  begin
    insert into witness.history (kind, body) select 'WORD', jsonb_build_object('rolloutId', new.rollout_id, 'clusterId', new.cluster_id, 'wave', new.wave, 'phase', new.phase,
      'reason', new.reason, 'accepted', new.accepted, 'held', new.held_version, 'target', new.target_version, 'version', new.version, 'state', case when r.planned then r.state end)
      from rollout r where r.id = new.rollout_id;
    return null;
  end $$;
  create trigger witness_insert after insert on rollout_cluster for each row execute function witness.word();
  create trigger witness_update after update on rollout_cluster for each row
    when (old.version is distinct from new.version or old.phase <> new.phase or old.accepted <> new.accepted) execute function witness.word();

  create function witness.assigned() returns trigger language plpgsql security definer as $$
  begin
    if tg_op = 'DELETE' then
      insert into witness.history (kind, body) values ('ASSIGNED', jsonb_build_object('policyId', old.policy_id, 'clusterId', old.cluster_id, 'version', null));
    elsif tg_op = 'INSERT' or old.version is distinct from new.version then
      insert into witness.history (kind, body) values ('ASSIGNED', jsonb_build_object('policyId', new.policy_id, 'clusterId', new.cluster_id, 'version', new.version));
    end if;
    return null;
  end $$;
  create trigger witness after insert or update or delete on policy_cluster for each row execute function witness.assigned();

  create function witness.desired() returns trigger language plpgsql security definer as $$
  begin
    insert into witness.history (kind, body) select 'DESIRED', jsonb_build_object('clusterId', new.cluster_id, 'entries', b.body->'entries')
      from desired_state_body b where b.organization_id = new.organization_id and b.digest = new.digest;
    return null;
  end $$;
  create trigger witness after insert on desired_state for each row execute function witness.desired();`;
