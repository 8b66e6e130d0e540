import { contentHash } from '@meshfleet/model';
import type { Client } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, BenchContext } from '../harness/bench.ts';
import { openCountedPostgres, type CountedPostgres } from '../harness/counted-postgres.ts';
import { openHub, type OpenHub } from '../harness/open-hub.ts';
import { figure, type Figure } from '../harness/statistics.ts';

const FLEETS = [{ clusters: 1_000, policies: 5_000 }, { clusters: 2_000, policies: 2_000 }] as const;
/** Clusters that hold the same policies. */
const SHARDS = 50;
const INVENTORY = 50;
const OBJECTS = 10;
const RUNS = 5;

export const p10w: Bench = {
  id: 'P10w',
  title: `What is warned of a policy that reaches every cluster, ${FLEETS.map(({ clusters, policies }) => `${policies} policies on ${clusters}`).join(' and ')}`,
  setup: `clusters written by SQL, none connected, each with ${INVENTORY} reported objects; a policy of ${OBJECTS} routes and a labelled namespace, applied as it stands already, which warns and writes nothing; Postgres' own counters minus those of an idle interval as long; median of ${RUNS}`,
  async run(context): Promise<readonly Figure[]> {
    const figures: Figure[] = [];
    for (const fleet of FLEETS) figures.push(...(await measure(context, fleet)));
    return figures;
  },
};

async function measure(context: BenchContext, { clusters, policies }: (typeof FLEETS)[number]): Promise<readonly Figure[]> {
  const postgres = await openCountedPostgres();
  const open = await openHub(context.root, { databaseUrl: postgres.url });
  try {
    await fillClusters(postgres.admin, clusters);
    await fillPolicies(postgres.admin, policies);
    const input = { name: 'watched', manifests: manifests(), placement: { clusterSelector: 'env=bench' } };
    // The first time it is written, and placed.
    await apply(open, input, { force: true });
    await compiled(context, postgres.admin);
    return await costsOf(context, postgres, `${clusters} clusters, ${policies} policies`, () => apply(open, input));
  } finally {
    await open.close();
    await postgres.close();
  }
}

async function costsOf(context: BenchContext, postgres: CountedPostgres, what: string, once: () => Promise<void>): Promise<Figure[]> {
  await once();
  const [statements, pages, inPostgres, inAll]: number[][] = [[], [], [], []];
  for (let run = 0; run < RUNS; run += 1) {
    const cost = await postgres.costOf(async () => {
      const started = performance.now();
      await once();
      inAll?.push(performance.now() - started);
    });
    statements?.push(cost.statements);
    pages?.push(cost.kilobytesTouched);
    inPostgres?.push(cost.milliseconds);
  }
  const figures = [
    figure(`${what}: statements`, '', statements ?? []),
    figure(`${what}: pages touched`, 'kB', pages ?? []),
    figure(`${what}: time in Postgres`, 'ms', inPostgres ?? []),
    figure(`${what}: time in all`, 'ms', inAll ?? []),
  ];
  context.say(`${what}: ${figures.map(({ name, value, unit }) => `${name.replace(`${what}: `, '')} ${Math.round(value)} ${unit}`.trim()).join(', ')}`);
  return figures;
}

/** What the policy has brought to clusters is worked off, and not measured. */
async function compiled(context: BenchContext, admin: Client): Promise<void> {
  for (;;) {
    const { rows } = await admin.query<{ waiting: number }>(`select (select count(*) from policy where not placed)::int + (select count(*) from policy_cluster where revision = 0)::int as waiting`);
    const waiting = rows[0]?.waiting ?? 0;
    if (waiting === 0) break;
    context.say(`setting up: ${waiting} to go`);
    await sleep(5_000);
  }
  await admin.query('vacuum analyze');
}

async function apply(open: OpenHub, input: object, more: object = {}): Promise<void> {
  const { policyApply } = await open.client.request<{ policyApply: { warnings: { code: string }[]; userErrors: { message: string }[] } }>('mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { warnings { code } userErrors { message } } }', { input: { ...input, ...more } });
  expectWarnings(policyApply);
}

/** A bench of warnings that are not found would measure nothing. */
function expectWarnings({ warnings, userErrors }: { readonly warnings: readonly { code: string }[]; readonly userErrors: readonly { message: string }[] }): void {
  const [problem] = userErrors;
  if (problem !== undefined) throw new TypeError(problem.message);
  const codes = new Set(warnings.map(({ code }) => code));
  const lacking = ['OBJECT_EXISTS', 'OBJECT_HELD', 'NAMESPACE_MISSING', 'KIND_NOT_SERVED'].filter((code) => !codes.has(code));
  if (lacking.length > 0) throw new TypeError(`nothing is warned of with ${lacking.join(', ')}`);
}

const route = (name: string): object => ({ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name, namespace: 'shop' }, spec: { hosts: [name], http: [{ route: [{ destination: { host: name } }] }] } });

/** Of what it wants one object is somebody else's everywhere, one an older policy's, and one has no namespace. */
function manifests(): string {
  const routes = Array.from({ length: OBJECTS }, (_, index) => route(`watched-${index + 1}`));
  const lost = { ...route('lost'), metadata: { name: 'lost', namespace: 'nowhere' } };
  return [...routes, route('filler-1'), lost, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { tier: 'a' } } }].map((object) => JSON.stringify(object)).join('\n---\n');
}

/** As agents would have reported them; every tenth serves no Istio. */
async function fillClusters(admin: Client, count: number): Promise<void> {
  const served = ['networking.istio.io/v1/VirtualService', 'security.istio.io/v1/PeerAuthentication'];
  await admin.query(
    `insert into cluster (id, organization_id, uid, name, labels, lifecycle, sign_kid, sign_public_jwk, seal_public_jwk, last_seen_at, inventory_seq, facts, placed)
     select gen_random_uuid(), o.id, gen_random_uuid()::text, 'bench-' || lpad(n::text, 5, '0'), jsonb_build_object('env', 'bench', 'shard', (n % $2)::text), 'ACTIVE', 'none', '{}', '{}', now(), 1,
       jsonb_build_object('servedKinds', case when n % 10 = 0 then '[]'::jsonb else $3::jsonb end), true
     from organization o cross join generate_series(1, $1::int) n`,
    [count, SHARDS, JSON.stringify(served)],
  );
  await admin.query(
    `insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body)
     select c.organization_id, c.id, i.key, i.kind, i.namespace, i.name, '{"managedBy": "argocd-controller", "labels": {"app": "shop"}}' from cluster c cross join (
       select 'Namespace/shop' as key, 'Namespace' as kind, '' as namespace, 'shop' as name
       union all select 'VirtualService.networking.istio.io/shop/watched-1', 'VirtualService', 'shop', 'watched-1'
       union all select 'Service/shop/service-' || n, 'Service', 'shop', 'service-' || n from generate_series(1, $1::int) n) i`,
    [INVENTORY - 2],
  );
}

/** As the API and the reconciler would have written them, one object each, those of one shard in the clusters of that shard. */
async function fillPolicies(admin: Client, count: number): Promise<void> {
  const objects = Array.from({ length: count }, (_, index) => route(`filler-${index + 1}`));
  await admin.query(
    `with made as (
       insert into policy (id, organization_id, name, current_version, stable_version, placed)
       select gen_random_uuid(), o.id, 'filler-' || n, 1, 1, true from organization o cross join generate_series(1, $1::int) n returning id, organization_id, name),
     numbered as (
       select m.*, w.hash, w.body, w.place as n from made m
       join unnest($3::text[], $4::text[]) with ordinality as w (hash, body, place) on w.place = split_part(m.name, '-', 2)::int),
     content as (insert into object_content (organization_id, hash, body, size) select organization_id, hash, body::jsonb, length(body) from numbered)
     insert into policy_version (organization_id, policy_id, version, manifests, objects, placement, drift, conflicts, created_by)
     select organization_id, id, 1, '', jsonb_build_array(jsonb_build_object('key', 'VirtualService.networking.istio.io/shop/' || name, 'hash', hash)),
       jsonb_build_object('clusterSelector', 'shard=' || (n % $2)), 'CORRECT', 'REPORT', 'bench' from numbered`,
    [count, SHARDS, objects.map(contentHash), objects.map((object) => JSON.stringify(object))],
  );
  await admin.query(
    `insert into policy_cluster (organization_id, policy_id, cluster_id, version, revision, status, object_count)
     select c.organization_id, p.id, c.id, 1, 1, 'APPLIED', 1 from policy p join cluster c on c.labels->>'shard' = (split_part(p.name, '-', 2)::int % $1)::text where p.name like 'filler-%'`,
    [SHARDS],
  );
}
