import { contentHash } from '@meshfleet/model';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Bench, BenchContext } from '../harness/bench.ts';
import { openCountedPostgres, type CountedPostgres, type DatabaseCost } from '../harness/counted-postgres.ts';
import { openHub, startAgents, type OpenHub } from '../harness/open-hub.ts';
import { applyPolicy, timeoutPolicy } from '../harness/policy.ts';
import { figure, type Figure } from '../harness/statistics.ts';

const CLUSTERS = Number(process.env['MESHFLEET_BENCH_CLUSTERS'] ?? 1_000);
const POLICIES = [50, Number(process.env['MESHFLEET_BENCH_POLICIES'] ?? 5_000)] as const;
/** Policies that the clusters which are touched hold besides: as many whatever there is elsewhere. */
const HELD_BY_TOUCHED = 20;
const SHARDS = 50;
const RUNS = 3;
const REACHED = [{ name: 'three', clusters: 3 }, { name: 'hundred', clusters: 100 }] as const;

export const p10p: Bench = {
  id: 'P10p',
  title: `An edit, its preview and a rollout over 3 and over 100 clusters, and new labels of one, with ${POLICIES.join(' and ')} policies on ${CLUSTERS} clusters`,
  setup: `${CLUSTERS} agents at protocol level; the touched clusters hold ${HELD_BY_TOUCHED} policies in both cases, the others share the rest; Postgres' own counters around each piece of work minus those of an idle interval as long; median of ${RUNS}`,
  async run(context): Promise<readonly Figure[]> {
    const figures: Figure[] = [];
    for (const policies of POLICIES) figures.push(...(await measure(context, policies)));
    return figures;
  },
};

async function measure(context: BenchContext, policies: number): Promise<readonly Figure[]> {
  const postgres = await openCountedPostgres();
  const open = await openHub(context.root, { databaseUrl: postgres.url });
  let acknowledged = new Set<number>();
  const fleet = await startAgents(open, CLUSTERS, (agent) => acknowledged.add(agent));
  try {
    await groupClusters(postgres.admin);
    await fill(postgres.admin, policies);
    await settled(context, postgres.admin);
    const figures: Figure[] = [];
    let version = 0;
    for (const { name, clusters } of REACHED) {
      const edit = (): Record<string, unknown> => timeoutPolicy(`edited-${name}`, (version += 1), `bench=${name}`);
      const answered = async (): Promise<void> => {
        while (acknowledged.size < clusters) await sleep(5);
      };
      const edits = async (): Promise<void> => {
        acknowledged = new Set();
        await applyPolicy(open.client, edit());
        await answered();
      };
      await edits();
      const work: readonly [string, () => Promise<void>][] = [
        ['edit', edits],
        ['preview', () => preview(open, edit())],
        ['rollout', () => rollOut(open, postgres.admin, edit())],
      ];
      for (const [what, once] of work) figures.push(...(await costsOf(context, postgres, `${what}, ${clusters} clusters, ${policies} policies`, once)));
    }
    const labels = async (): Promise<void> => {
      for (const group of ['hundred', 'three']) {
        acknowledged = new Set();
        await relabel(open, postgres.admin, group);
        while (acknowledged.size === 0) await sleep(5);
      }
    };
    figures.push(...(await costsOf(context, postgres, `labels there and back, 1 cluster, ${policies} policies`, labels)));
    return figures;
  } finally {
    fleet.close();
    await open.close();
    await postgres.close();
  }
}

async function costsOf(context: BenchContext, postgres: CountedPostgres, what: string, once: () => Promise<void>): Promise<Figure[]> {
  const costs: DatabaseCost[] = [];
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    costs.push(
      await postgres.costOf(async () => {
        const started = performance.now();
        await once();
        times.push(performance.now() - started);
      }),
    );
  }
  const of = (name: string, unit: string, pick: (cost: DatabaseCost) => number): Figure => figure(`${what}: ${name}`, unit, costs.map(pick));
  const figures = [
    of('statements', '', ({ statements }) => statements),
    of('rows read', '', ({ read }) => read),
    of('rows read by scans of whole tables', '', ({ scanned }) => scanned),
    of('rows written', '', ({ written }) => written),
    of('pages touched', 'kB', ({ kilobytesTouched }) => kilobytesTouched),
    of('log written', 'kB', ({ kilobytesLogged }) => kilobytesLogged),
    of('time in Postgres', 'ms', ({ milliseconds }) => milliseconds),
    figure(`${what}: time in all`, 'ms', times),
  ];
  context.say(figures.map(({ name, value, unit }) => `${name.replace(`${what}: `, '')} ${Math.round(value)} ${unit}`.trim()).join(', ').replace(/^/, `${what}: `));
  return figures;
}

/** The first three, the next hundred, and the others in shards: by labels, as people do. */
async function groupClusters(admin: Client): Promise<void> {
  await admin.query(
    `update cluster c set labels = c.labels || jsonb_build_object('bench', case when n.place <= 3 then 'three' when n.place <= 103 then 'hundred' else 'shard-' || (n.place % $1) end)
     from (select id, row_number() over (order by name) as place from cluster) n where n.id = c.id`,
    [SHARDS],
  );
}

/** As the API would have written them, one object each. */
async function fill(admin: Client, count: number): Promise<void> {
  const objects = Array.from({ length: count }, (_, index) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `filler-${index + 1}`, namespace: 'shop' }, data: { n: String(index + 1) } }));
  await admin.query(
    `with made as (
       insert into policy (id, organization_id, name, current_version, stable_version)
       select gen_random_uuid(), o.id, 'filler-' || n, 1, 1 from organization o cross join generate_series(1, $1::int) n returning id, organization_id, name),
     numbered as (
       select m.*, split_part(m.name, '-', 2)::int as n, w.hash, w.body from made m
       join unnest($4::text[], $5::text[]) with ordinality as w (hash, body, place) on w.place = split_part(m.name, '-', 2)::int),
     content as (insert into object_content (organization_id, hash, body, size) select organization_id, hash, body::jsonb, length(body) from numbered)
     insert into policy_version (organization_id, policy_id, version, manifests, objects, placement, drift, conflicts, created_by)
     select organization_id, id, 1, '', jsonb_build_array(jsonb_build_object('key', 'ConfigMap/shop/' || name, 'hash', hash)),
       jsonb_build_object('clusterSelector', case when n <= $2 then 'bench in (three,hundred)' else 'bench=shard-' || (n % $3) end), 'CORRECT', 'REPORT', 'bench' from numbered`,
    [count, HELD_BY_TOUCHED, SHARDS, objects.map(contentHash), objects.map((object) => JSON.stringify(object))],
  );
}

/** The sweep has placed everything, and every agent has answered. */
async function settled(context: BenchContext, admin: Client): Promise<void> {
  for (;;) {
    const { rows } = await admin.query<{ waiting: number }>(
      `select (select count(*) from policy where not placed)::int + (select count(*) from cluster where not placed)::int + (select count(*) from cluster where acked_revision < desired_revision)::int as waiting`,
    );
    const waiting = rows[0]?.waiting ?? 0;
    if (waiting === 0) break;
    context.say(`setting up: ${waiting} policies and clusters to go`);
    await sleep(5_000);
  }
  await admin.query('vacuum analyze');
}

async function preview(open: OpenHub, input: Record<string, unknown>): Promise<void> {
  const { policyPreview } = await open.client.request<{ policyPreview: { userErrors: { message: string }[] } }>(
    'query ($apply: PolicyApplyInput) { policyPreview(apply: $apply) { userErrors { message } totals { changedClusters } clusters(first: 100) { nodes { changed diff { added { key } changed { key diff } removed { key } } } } } }',
    { apply: input },
  );
  const [problem] = policyPreview.userErrors;
  if (problem !== undefined) throw new TypeError(problem.message);
}

/** Moves the first cluster into a group: both hold the same, but for the policy that was edited in each. */
async function relabel(open: OpenHub, admin: Client, group: string): Promise<void> {
  const { rows } = await admin.query<{ name: string }>('select name from cluster order by name limit 1');
  const { cluster } = await open.client.request<{ cluster: { id: string; labels: { key: string; value: string }[] } }>('query ($name: String!) { cluster(name: $name) { id labels { key value } } }', { name: rows[0]?.name });
  const labels = [...cluster.labels.filter(({ key }) => key !== 'bench'), { key: 'bench', value: group }];
  const { clusterUpdate } = await open.client.request<{ clusterUpdate: { userErrors: { message: string }[] } }>('mutation ($input: ClusterUpdateInput!) { clusterUpdate(input: $input) { userErrors { message } } }', { input: { id: cluster.id, labels } });
  const [problem] = clusterUpdate.userErrors;
  if (problem !== undefined) throw new TypeError(problem.message);
}

async function rollOut(open: OpenHub, admin: Client, input: Record<string, unknown>): Promise<void> {
  await applyPolicy(open.client, { ...input, rollout: { waves: [{ count: 1 }, { percent: 50 }] } });
  for (;;) {
    const { rows } = await admin.query<{ status: string }>('select status from rollout order by id desc limit 1');
    const status = rows[0]?.status ?? '';
    if (status === 'SUCCEEDED') return;
    if (status === 'ROLLED_BACK') throw new TypeError('the rollout was rolled back');
    await sleep(20);
  }
}
