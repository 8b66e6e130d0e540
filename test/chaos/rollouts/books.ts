import type { FleetOnPostgres } from '../../e2e/open-fleet.ts';
import type { Eyes } from './eyes.ts';
import type { Sighting } from './judge-history.ts';
import { CLUSTERS, withDatabase } from './mortal-fleet.ts';
import { SOMEBODYS, SOMEBODYS_SECONDS } from './season.ts';
import type { Season } from './season.ts';

interface WrittenVersion {
  readonly policyId: string;
  readonly policy: string;
  readonly version: number;
  /** The timeout that tells it from all others of the season. */
  readonly seconds: number;
  readonly objects: readonly string[];
}

async function versionsOf(hub: FleetOnPostgres, season: Season): Promise<WrittenVersion[]> {
  const { rows } = await withDatabase(hub, (admin) =>
    admin.query<{ policyId: string; policy: string; version: number; manifests: string }>(
      `select p.id as "policyId", p.name as policy, v.version, v.manifests from policy p join policy_version v on v.policy_id = p.id where p.name = any($1::text[]) order by p.name, v.version`,
      [season.policyNames],
    ),
  );
  return rows.map(({ manifests, ...row }) => ({ ...row, seconds: Number(/"timeout":"(\d+)s"/.exec(manifests)?.[1]), objects: [...manifests.matchAll(/"metadata":\{"name":"([^"]+)"/g)].map(([, name = '']) => name) }));
}

/** Which versions of policies were seen in which clusters. */
export async function sightingsOf(hub: FleetOnPostgres, season: Season, eyes: Eyes): Promise<Sighting[]> {
  const versions = await versionsOf(hub, season);
  const clusters = await clusterIds(hub);
  return eyes.glimpses.flatMap(({ cluster, object, seconds, at }) => {
    const written = versions.find((version) => version.seconds === seconds && version.objects.some((name) => filled(name, cluster) === object));
    return written === undefined ? [] : [{ clusterId: clusters.get(cluster) ?? '', policyId: written.policyId, version: written.version, at }];
  });
}

async function clusterIds(hub: FleetOnPostgres): Promise<Map<string, string>> {
  const { rows } = await withDatabase(hub, (admin) => admin.query<{ id: string; name: string }>('select id, name from cluster'));
  return new Map(rows.map(({ id, name }) => [name, id]));
}

/** Where a cluster does not hold exactly what it is assigned, or has more of ours; empty when all agree. */
export async function disagreements(hub: FleetOnPostgres, season: Season, eyes: Eyes): Promise<string[]> {
  const versions = await versionsOf(hub, season);
  const { rows } = await withDatabase(hub, (admin) =>
    admin.query<{ cluster: string; policyId: string; version: number | null; behind: boolean }>(
      `select c.name as cluster, x.policy_id as "policyId", x.version, c.acked_revision is distinct from c.desired_revision or x.status = 'PENDING' as behind
       from policy_cluster x join cluster c on c.id = x.cluster_id join policy p on p.id = x.policy_id where p.name = any($1::text[])`,
      [season.policyNames],
    ),
  );
  const found: string[] = rows.filter(({ behind }) => behind).map(({ cluster, policyId }) => `${cluster} has not answered for ${policyId}`);
  for (const cluster of CLUSTERS) {
    const wanted = new Map<string, number>();
    for (const row of rows) {
      const written = row.cluster === cluster ? versions.find(({ policyId, version }) => policyId === row.policyId && version === row.version) : undefined;
      for (const name of written?.objects ?? []) if (name !== SOMEBODYS) wanted.set(filled(name, cluster), written?.seconds ?? 0);
    }
    const held = await eyes.look(cluster);
    for (const [name, seconds] of wanted) if (held.get(name) !== seconds) found.push(`${cluster} holds ${name} with ${held.get(name) ?? 'nothing'}, and not with ${seconds}`);
    for (const name of held.keys()) if (season.owns(name) && !wanted.has(name)) found.push(`${cluster} holds ${name}, which nothing asks for`);
    if (cluster === 'virginia' && held.get(SOMEBODYS) !== SOMEBODYS_SECONDS) found.push(`what is somebody else's in ${cluster} is ${held.get(SOMEBODYS) ?? 'gone'}`);
  }
  return found;
}

/** Whatever was acknowledged is there once: versions, rollouts, presses, and each event of a rollout that comes once. */
export async function lostOrDoubled(hub: FleetOnPostgres, season: Season, since: number): Promise<string[]> {
  const { books } = season;
  return withDatabase(hub, async (admin) => {
    const found: string[] = [];
    const compare = (what: string, acknowledged: number, there: number): void => {
      if (acknowledged !== there) found.push(`${there} ${what}, and ${acknowledged} were acknowledged`);
    };
    const versions = await admin.query<{ name: string; count: string; last: number }>(`select p.name, count(*), max(v.version) as last from policy p join policy_version v on v.policy_id = p.id where p.name = any($1::text[]) group by 1`, [season.policyNames]);
    for (const { name, count, last } of versions.rows) {
      compare(`versions of ${name}`, books.versions.get(name) ?? 0, Number(count));
      compare(`numbers of ${name}`, Number(count), last);
    }
    const rollouts = await admin.query<{ count: string }>(`select count(*) from rollout r join policy p on p.id = r.policy_id where p.name = any($1::text[])`, [season.policyNames]);
    compare('rollouts', books.rollouts, Number(rollouts.rows[0]?.count));
    const presses = await admin.query<{ action: string; count: string }>(`select action, count(*) from audit_event where seq > $1 and action = any($2::text[]) group by 1`, [since, ['rollout.pause', 'rollout.resume', 'rollout.promote', 'rollout.approve', 'rollout.abort']]);
    const audited = new Map(presses.rows.map(({ action, count }) => [action, Number(count)]));
    for (const action of new Set([...audited.keys(), ...books.presses.keys()])) compare(`audited ${action}`, books.presses.get(action) ?? 0, audited.get(action) ?? 0);
    const doubled = await admin.query<{ kind: string; count: string }>(
      `select e.kind, count(*) from rollout_event e where e.kind = any($1::text[]) group by e.rollout_id, e.kind, e.wave having count(*) > 1`,
      [['PLANNED', 'WAVE_OPENED', 'WAVE_DONE', 'SOAK_BEGAN', 'ROLLBACK_BEGAN', 'SUCCEEDED', 'ROLLED_BACK', 'ABORTED', 'SUPERSEDED']],
    );
    for (const { kind, count } of doubled.rows) found.push(`${kind} was told ${count} times`);
    return found;
  });
}

/** The end of the audit log. */
export async function lastAudit(hub: FleetOnPostgres): Promise<number> {
  const { rows } = await withDatabase(hub, (admin) => admin.query<{ seq: string }>('select coalesce(max(seq), 0) as seq from audit_event'));
  return Number(rows[0]?.seq);
}

function filled(name: string, cluster: string): string {
  return name.replace('${cluster.name}', cluster);
}
