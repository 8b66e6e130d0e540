import { assignPolicy, stepRollout } from '@meshfleet/store';
import { createClient } from 'graphql-sse';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ChangeFeed } from '../changes/change-feed.ts';
import { insertCluster, manifest } from '../testing/populate.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

interface UserErrors {
  readonly userErrors: readonly { readonly code: string; readonly message: string; readonly field: string[] | null }[];
}
interface Gate {
  readonly kind: string;
  readonly status: string;
  readonly evidence: string;
}
interface ShownRollout {
  readonly id: string;
  readonly status: string;
  readonly because: string;
  readonly version: { readonly version: number } | null;
  readonly waves: readonly { readonly name: string; readonly size: number; readonly phase: string; readonly gates: readonly Gate[]; readonly clusters: { readonly nodes: readonly { readonly phase: string; readonly because: string; readonly cluster: { readonly id: string; readonly name: string } }[] } }[];
  readonly timeline: { readonly nodes: readonly { readonly kind: string; readonly actor: string | null }[] };
  readonly forecast: { readonly doneAt: string | null; readonly assumptions: readonly string[] };
}
type Applied = UserErrors & { readonly changed: boolean; readonly rollout: ShownRollout | null; readonly policy: { readonly stableVersion: { readonly version: number } | null; readonly currentVersion: { readonly version: number } } | null };

const SHOWN = `id status because version { version } waves { name size phase gates { kind status evidence } clusters(first: 10) { nodes { phase because cluster { id name } } } }
  timeline(first: 20) { nodes { kind actor } } forecast { doneAt assumptions }`;
const ERRORS = 'userErrors { code message field }';

let api: TestApi;
let ada: { id: string; slug: string; token: string };
let bob: string;
let count = 0;
let name: string;

beforeAll(async () => {
  api = await startTestApi();
  ada = await api.organization('ada', 'acme');
  await api.db.admin.query(`insert into member (id, organization_id, identity, role) values (gen_random_uuid(), $1, $2, 'OPERATOR')`, [ada.id, `${api.issuer.issuer}|bob`]);
  bob = await api.token('bob');
  for (const cluster of ['alpha', 'beta', 'gamma']) await insertCluster(api, ada.id, cluster, { env: 'prod' });
});
afterAll(() => api.close());
beforeEach(() => {
  count += 1;
  name = `policy-${count}`;
});

async function ask<T>(token: string, field: string, type: string, input: object, selection: string): Promise<T> {
  const { data, errors } = await api.query<Record<string, T>>(token, `mutation ($input: ${type}!) { ${field}(input: $input) { ${selection} } }`, { input });
  expect(errors).toEqual([]);
  return data[field] as T; // the field that was asked for
}
const apply = (input: object, token = ada.token): Promise<Applied> =>
  ask(token, 'policyApply', 'PolicyApplyInput', { name, manifests: manifest(name), placement: { clusterSelector: 'env=prod' }, ...input }, `changed rollout { ${SHOWN} } policy { stableVersion { version } currentVersion { version } } ${ERRORS}`);
const press = (mutation: string, input: object, token = ada.token): Promise<UserErrors & { changed: boolean; rollout: ShownRollout | null }> =>
  ask(token, mutation, `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`, input, `changed rollout { ${SHOWN} } ${ERRORS}`);
async function show(id: string): Promise<ShownRollout> {
  return (await api.query<{ node: ShownRollout }>(ada.token, `query ($id: ID!) { node(id: $id) { ... on Rollout { ${SHOWN} } } }`, { id })).data.node;
}
/** The reconciler's part, without its compilation. */
async function step(id: string): Promise<ShownRollout> {
  const rolloutId = Buffer.from(id, 'base64url').toString().slice(2);
  while ((await api.db.store.transaction(ada.id, (tx) => stepRollout(tx, rolloutId, new Date()))).moved);
  return show(id);
}
async function begin(rollout: object, input: object = {}): Promise<ShownRollout> {
  const applied = await apply({ rollout, ...input });
  expect(applied.userErrors).toEqual([]);
  return step(applied.rollout?.id ?? '');
}

describe('a rollout over the API', () => {
  it('shows what it is about to do, where each cluster is and why, and what its gates stand on', async () => {
    const applied = await apply({ rollout: { waves: [{ name: 'canary', count: 1, gates: { approval: { role: 'OPERATOR' } } }], soakSeconds: 60 } });
    expect(applied).toMatchObject({ changed: true, rollout: { status: 'QUEUED', waves: [], version: { version: 1 } }, policy: { stableVersion: null, currentVersion: { version: 1 } } });
    const rollout = await step(applied.rollout?.id ?? '');
    expect(rollout).toMatchObject({
      status: 'WAITING_APPROVAL',
      waves: [
        { name: 'canary', size: 1, gates: [{ kind: 'APPROVAL_BEFORE', status: 'PENDING', evidence: '0 of 1 (operator or above)' }, { kind: 'APPLIED' }, { kind: 'SOAK' }], clusters: { nodes: [{ phase: 'PENDING', because: 'the wave takes 1 of the clusters that are left', cluster: { name: 'alpha' } }] } },
        { name: 'the rest', size: 2 },
      ],
      forecast: { assumptions: ['approvals are given at once'] },
    });
    expect(rollout.forecast.doneAt).not.toBeNull();
  });

  it('is approved by somebody else than its author, in time, and once by each', async () => {
    const { id } = await begin({ gates: { approval: { count: 1 } } });
    expect((await press('rolloutApprove', { id, wave: 0 })).userErrors).toMatchObject([{ code: 'FORBIDDEN' }]);
    expect(await press('rolloutApprove', { id, wave: 0 }, bob)).toMatchObject({ changed: true, userErrors: [] });
    expect(await press('rolloutApprove', { id, wave: 0 }, bob)).toMatchObject({ changed: false, userErrors: [] });
    const rollout = await step(id);
    expect(rollout).toMatchObject({ status: 'RUNNING', waves: [{ gates: [{ kind: 'APPROVAL_BEFORE', status: 'GREEN' }, { kind: 'APPLIED', status: 'PENDING', evidence: '0 of 3 updated, 3 on the way, 0 failed' }] }] });
    expect(rollout.timeline.nodes.find(({ kind }) => kind === 'APPROVED')?.actor).toContain('|bob');
  });

  it('asks an approver for the role that the gate names', async () => {
    const { id } = await begin({ gates: { approval: { role: 'ADMIN', allowAuthor: true } } });
    expect((await press('rolloutApprove', { id, wave: 0 }, bob)).userErrors).toMatchObject([{ code: 'FORBIDDEN', message: expect.stringContaining('approved by admins') as string }]);
    expect((await press('rolloutApprove', { id, wave: 0 })).userErrors).toEqual([]);
  });

  it('pauses, resumes, is promoted and aborted, each of it in the audit log, and by two at once once', async () => {
    const { id } = await begin({ waves: [{ count: 1 }], soakSeconds: 600 });
    const both = await Promise.all([press('rolloutPause', { id, reason: 'look' }), press('rolloutPause', { id, reason: 'look too' }, bob)]);
    expect(both.map(({ changed }) => changed).sort()).toEqual([false, true]);
    expect((await press('rolloutResume', { id })).userErrors).toEqual([]);
    expect((await press('rolloutPromote', { id, wave: 1 })).userErrors).toMatchObject([{ code: 'CONFLICT' }]);
    expect((await press('rolloutPromote', { id, wave: 0 })).changed).toBe(true);
    expect((await press('rolloutAbort', { id, reason: 'no' })).changed).toBe(true);
    expect((await press('rolloutPause', { id })).userErrors).toMatchObject([{ code: 'ROLLOUT_ENDED' }]);
    expect(await step(id)).toMatchObject({ status: 'ROLLING_BACK', waves: [{ phase: 'ROLLING_BACK' }, { phase: 'PENDING' }] });
    const { rows } = await api.db.admin.query<{ action: string }>(`select action from audit_event where target = $1 order by seq`, [Buffer.from(id, 'base64url').toString().slice(2)]);
    expect(rows.map(({ action }) => action)).toEqual(['rollout.pause', 'rollout.resume', 'rollout.promote', 'rollout.abort']);
  });

  it('resumes with the failures that were looked at, and says which have come since', async () => {
    const { id, waves } = await begin({ onFailure: 'PAUSE' });
    const fail = async (cluster: string): Promise<void> => {
      await api.db.admin.query(`update rollout_cluster k set phase = 'FAILED', settled_at = now(), reason = 'refused' from cluster c where c.id = k.cluster_id and c.name = $2 and k.rollout_id = $1`, [Buffer.from(id, 'base64url').toString().slice(2), cluster]);
    };
    await fail('alpha');
    await press('rolloutPause', { id });
    await fail('beta');
    const refused = await press('rolloutResume', { id, acceptFailures: true });
    expect(refused).toMatchObject({ changed: false, userErrors: [{ code: 'CONFLICT', message: expect.stringContaining('beta has failed since it was paused') as string }] });
    expect((await press('rolloutResume', { id, acceptFailures: true, acceptFailuresOf: [] })).userErrors).toMatchObject([{ field: ['input', 'acceptFailures'] }]);
    const seen = waves.flatMap(({ clusters }) => clusters.nodes).filter(({ cluster }) => cluster.name !== 'gamma').map(({ cluster }) => cluster.id);
    expect(await press('rolloutResume', { id, acceptFailuresOf: seen })).toMatchObject({ changed: true, userErrors: [] });
    expect((await show(id)).because).toContain('accepts the failures of alpha, beta');
    await press('rolloutAbort', { id });
    await step(id);
  });

  it('keeps every other change of its policy off, until one takes its place', async () => {
    const { id } = await begin({ waves: [{ count: 1 }] });
    expect((await apply({ manifests: manifest(name, 'PERMISSIVE') })).userErrors).toMatchObject([{ code: 'ROLLOUT_ACTIVE', field: ['input', 'supersede'] }]);
    const remove = (input: object): Promise<UserErrors> => ask(ada.token, 'policyDelete', 'PolicyDeleteInput', { name, ...input }, ERRORS);
    expect((await remove({})).userErrors).toMatchObject([{ code: 'ROLLOUT_ACTIVE' }]);
    expect(await apply({ manifests: manifest(name, 'PERMISSIVE'), supersede: true })).toMatchObject({ userErrors: [], rollout: null, policy: { stableVersion: { version: 2 } } });
    expect((await step(id)).status).toBe('SUPERSEDED');
    expect((await remove({})).userErrors).toEqual([]);
  });

  it('keeps a change of another policy off that would touch the same object, or lets it queue', async () => {
    const shared = manifest(`shared-${count}`);
    await begin({ waves: [{ count: 1 }] }, { manifests: shared });
    const other = { name: `${name}-other`, manifests: shared };
    expect((await apply(other)).userErrors).toMatchObject([{ code: 'ROLLOUT_ACTIVE' }]);
    expect((await apply({ ...other, rollout: { onOverlap: 'REFUSE' } })).userErrors).toMatchObject([{ code: 'ROLLOUT_ACTIVE' }]);
    expect((await begin({}, other)).status).toBe('QUEUED');
    expect((await apply({ name: `${name}-apart`, manifests: manifest(`apart-${count}`) })).userErrors).toEqual([]);
  });

  it('keeps no change of another policy off that sets other labels of the same namespace', async () => {
    const labelled = (labels: string): string => `apiVersion: v1\nkind: Namespace\nmetadata: {name: labelled-${count}, labels: {${labels}}}\n`;
    for (const labels of ['tier: back', 'zone: b']) await apply({ name: `${name}-earlier`, manifests: labelled(labels) });
    await begin({ waves: [{ count: 1 }] }, { manifests: labelled('team: a, tier: front') });
    expect((await apply({ name: `${name}-other`, manifests: labelled('istio-injection: enabled') })).userErrors).toEqual([]);
    const same = { name: `${name}-same`, manifests: labelled('tier: back') };
    expect((await apply(same)).userErrors).toMatchObject([{ code: 'ROLLOUT_ACTIVE' }]);
    // Which labels a template sets is known when it is rendered: it may be any.
    expect((await apply({ name: `${name}-any`, manifests: labelled('cluster: "${cluster.name}"') })).userErrors).toMatchObject([{ code: 'ROLLOUT_ACTIVE' }]);
    const back = (version: number): Promise<UserErrors> => ask(ada.token, 'policyRollBack', 'PolicyRollBackInput', { name: `${name}-earlier`, version }, ERRORS);
    expect((await back(1)).userErrors).toMatchObject([{ code: 'ROLLOUT_ACTIVE' }]);
    expect((await back(2)).userErrors).toEqual([]);
  });

  it('of a version that was taken back is asked for anew with the same input', async () => {
    await apply({});
    const { id } = await begin({ waves: [{ count: 1 }] }, { manifests: manifest(name, 'PERMISSIVE') });
    expect(await apply({ manifests: manifest(name, 'PERMISSIVE'), rollout: {} })).toMatchObject({ changed: false, userErrors: [] });
    await press('rolloutAbort', { id, rollback: false });
    await step(id);
    expect(await apply({ manifests: manifest(name, 'PERMISSIVE'), rollout: {} })).toMatchObject({ changed: true, policy: { stableVersion: { version: 1 }, currentVersion: { version: 3 } } });
  });

  it('withdraws a policy, which is removed when the last wave is good', async () => {
    await apply({});
    const removed = await ask<UserErrors & { rollout: ShownRollout }>(ada.token, 'policyDelete', 'PolicyDeleteInput', { name, rollout: { waves: [{ count: 1 }] } }, `rollout { ${SHOWN} } ${ERRORS}`);
    expect(removed).toMatchObject({ userErrors: [], rollout: { version: null } });
    const { data } = await api.query<{ policy: { activeRollout: { id: string } } }>(ada.token, `{ policy(name: "${name}") { activeRollout { id } } }`);
    expect(data.policy.activeRollout.id).toBe(removed.rollout.id);
  });

  it('refuses a strategy that makes no sense, naming the field', async () => {
    const { userErrors } = await apply({ rollout: { waves: [{ count: 1, percent: 5 }, { clusterSelector: 'env in prod' }], windows: [{ start: '22:00', end: '23:00', timeZone: 'Berlin' }] } });
    expect(userErrors.map(({ field }) => field?.join('.')).sort()).toEqual(['input.rollout.waves.0.percent', 'input.rollout.waves.1.clusterSelector', 'input.rollout.windows.0.timeZone']);
  });

  it('does not call a webhook more often than every five seconds', async () => {
    const gates = (intervalSeconds: number): object => ({ webhook: { url: 'https://gate.example/', intervalSeconds } });
    const { userErrors } = await apply({ rollout: { gates: gates(4), waves: [{ count: 1, gates: gates(1) }, { count: 1, gates: gates(5) }] } });
    expect(userErrors.map(({ field }) => field?.join('.'))).toEqual(['input.rollout.gates.webhook.intervalSeconds', 'input.rollout.waves.0.gates.webhook.intervalSeconds']);
  });

  it('is previewed without a change', async () => {
    const { data } = await api.query<{ rolloutPreview: object }>(ada.token, 'query ($input: RolloutPreviewInput!) { rolloutPreview(input: $input) { waves { name size clusters { name because } } userErrors { code } } }', {
      input: { placement: { clusterNames: ['alpha', 'gamma'] }, rollout: { waves: [{ name: 'first', percent: 50 }] } },
    });
    expect(data.rolloutPreview).toEqual({
      waves: [
        { name: 'first', size: 1, clusters: [{ name: 'alpha', because: 'the wave takes 50 % of 2, rounded up, from the clusters that are left' }] },
        { name: 'the rest', size: 1, clusters: [{ name: 'gamma', because: 'no wave before has taken it' }] },
      ],
      userErrors: [],
    });
  });

  it('is previewed of something: a policy that is there, or a placement', async () => {
    const preview = async (input: object) => (await api.query<{ rolloutPreview: object }>(ada.token, 'query ($input: RolloutPreviewInput!) { rolloutPreview(input: $input) { waves { name } userErrors { code field } } }', { input: { rollout: {}, ...input } })).data.rolloutPreview;
    expect(await preview({ policyName: 'misspelt' })).toEqual({ waves: [], userErrors: [{ code: 'NOT_FOUND', field: ['input', 'policyName'] }] });
    expect(await preview({})).toEqual({ waves: [], userErrors: [{ code: 'INVALID_INPUT', field: ['input', 'placement'] }] });
    expect(await preview({ policyName: 'to-come', placement: { clusterNames: ['alpha'] } })).toMatchObject({ waves: [{ name: 'all' }], userErrors: [] });
  });

  it('knows when frozen clusters of its waves may be told', async () => {
    await insertCluster(api, ada.id, `cold-${count}`, { only: `forecast-${count}`, cold: 'yes' });
    await insertCluster(api, ada.id, `warm-${count}`, { only: `forecast-${count}` });
    const endsAt = new Date(Date.now() + 3_600_000);
    const { freeze } = await ask<{ freeze: { id: string } }>(ada.token, 'freezeCreate', 'FreezeCreateInput', { reason: 'audit', clusterSelector: 'cold=yes', endsAt }, 'freeze { id }');
    const { forecast } = await begin({ waves: [{ count: 1, clusterSelector: '!cold' }] }, { placement: { clusterSelector: `only=forecast-${count}` } });
    expect(forecast.assumptions).toEqual([]);
    expect(Date.parse(forecast.doneAt ?? '')).toBeGreaterThan(endsAt.getTime());
    await ask(ada.token, 'freezeEnd', 'FreezeEndInput', { id: freeze.id }, ERRORS);
    const { rows } = await api.db.admin.query<{ id: string }>(`select r.id from rollout r join policy p on p.id = r.policy_id where p.name = $1`, [name]);
    const { data } = await api.query<{ organization: { rollouts: { nodes: ShownRollout[] } } }>(ada.token, `{ organization { rollouts(first: 1) { nodes { ${SHOWN} } } } }`);
    expect(rows).toHaveLength(1);
    expect(Date.parse(data.organization.rollouts.nodes[0]?.forecast.doneAt ?? '')).toBeLessThan(endsAt.getTime());
  });

  it('brings a version back wave by wave, as the next one', async () => {
    await apply({});
    await apply({ manifests: manifest(name, 'PERMISSIVE') });
    const back = await ask<Applied>(ada.token, 'policyRollBack', 'PolicyRollBackInput', { name, version: 1, rollout: { waves: [{ count: 1 }] } }, `changed rollout { ${SHOWN} } policy { stableVersion { version } currentVersion { version } } ${ERRORS}`);
    expect(back).toMatchObject({ changed: true, userErrors: [], rollout: { version: { version: 3 } }, policy: { stableVersion: { version: 2 }, currentVersion: { version: 3 } } });
    expect(await step(back.rollout?.id ?? '')).toMatchObject({ status: 'RUNNING', waves: [{ clusters: { nodes: [{ phase: 'UPDATING' }] } }, { clusters: { nodes: [{ phase: 'PENDING' }, { phase: 'PENDING' }] } }] });
    // Another is refused meanwhile, and takes its place when it says so.
    const again = (input: object): Promise<Applied> => ask(ada.token, 'policyRollBack', 'PolicyRollBackInput', { name, version: 2, ...input }, `changed rollout { ${SHOWN} } ${ERRORS}`);
    expect((await again({ rollout: {} })).userErrors).toMatchObject([{ code: 'ROLLOUT_ACTIVE' }]);
    expect(await again({ rollout: {}, supersede: true })).toMatchObject({ userErrors: [], rollout: { version: { version: 4 } } });
    expect((await show(back.rollout?.id ?? '')).status).toBe('SUPERSEDED');
  });

  it('is told to those who subscribe to it from its first wave to its end, and to nobody else', async () => {
    const { id } = await begin({ waves: [{ count: 1 }], gates: { approval: { when: 'AFTER', count: 1 } } });
    const carol = await api.organization('carol', `carols-${count}`);
    const listen = (token: string, variables: object): { seen: string[]; stop: () => void } => {
      const seen: string[] = [];
      const client = createClient({ url: `${api.url}/graphql/stream`, headers: { authorization: `Bearer ${token}` }, retryAttempts: 0 });
      const stop = client.subscribe<{ rolloutChanged: { status: string } }>({ query: 'subscription ($id: ID) { rolloutChanged(id: $id) { status } }', variables: { ...variables } }, { next: ({ data }) => seen.push(data?.rolloutChanged.status ?? ''), error: () => undefined, complete: () => undefined });
      return { seen, stop };
    };
    const [mine, all, hers] = [listen(ada.token, { id }), listen(ada.token, {}), listen(carol.token, {})];
    await expect.poll(() => api.app.get(ChangeFeed).size).toBe(3);
    await press('rolloutAbort', { id });
    await step(id);
    await expect.poll(() => mine.seen.at(-1)).toBe('ROLLING_BACK');
    await expect.poll(() => all.seen.at(-1)).toBe('ROLLING_BACK');
    expect(hers.seen).toEqual([]);
    for (const { stop } of [mine, all, hers]) stop();
  });

  it('is told to those who subscribe', async () => {
    const { id } = await begin({ waves: [{ count: 1 }] });
    const client = createClient({ url: `${api.url}/graphql/stream`, headers: { authorization: `Bearer ${ada.token}` }, retryAttempts: 0 });
    const seen: string[] = [];
    const stop = client.subscribe<{ rolloutChanged: { status: string } }>({ query: 'subscription ($id: ID) { rolloutChanged(id: $id) { status } }', variables: { id } }, { next: ({ data }) => seen.push(data?.rolloutChanged.status ?? ''), error: () => undefined, complete: () => undefined });
    await expect.poll(() => api.app.get(ChangeFeed).size).toBe(1);
    await press('rolloutPause', { id });
    await expect.poll(() => seen).toEqual(['PAUSED']);
    stop();
  });
});

describe('a freeze', () => {
  it('refuses changes at once, lets rollouts wait, and is an administrator’s to make, to end and to pass', async () => {
    const create = (input: object, token = ada.token): Promise<UserErrors & { freeze: { id: string } | null }> => ask(token, 'freezeCreate', 'FreezeCreateInput', input, `freeze { id } ${ERRORS}`);
    expect((await create({ reason: 'mine' }, bob)).userErrors).toMatchObject([{ code: 'FORBIDDEN' }]);
    expect((await create({ reason: 'odd', clusterSelector: 'a in b' })).userErrors).toMatchObject([{ field: ['input', 'clusterSelector'] }]);
    expect((await create({ reason: 'odd', startsAt: '2026-12-02T00:00:00Z', endsAt: '2026-12-01T00:00:00Z' })).userErrors).toMatchObject([{ field: ['input', 'endsAt'] }]);
    expect((await create({ reason: 'odd', endsAt: '2020-12-01T00:00:00Z' })).userErrors).toMatchObject([{ code: 'INVALID_INPUT', field: ['input', 'endsAt'] }]);
    await create({ reason: 'elsewhere', clusterSelector: 'env=dev' });
    expect((await apply({})).userErrors).toEqual([]);
    const { freeze } = await create({ reason: 'Black Friday', clusterSelector: 'env=prod' });
    expect((await apply({ manifests: manifest(`${name}-b`) })).userErrors).toMatchObject([{ code: 'FROZEN', message: expect.stringContaining('Black Friday') as string }]);
    expect((await apply({ manifests: manifest(`${name}-b`), ignoreFreeze: true }, bob)).userErrors).toMatchObject([{ code: 'FORBIDDEN' }]);
    expect((await apply({ manifests: manifest(`${name}-b`), ignoreFreeze: true })).userErrors).toEqual([]);
    const rollout = await begin({}, { manifests: manifest(`${name}-c`) });
    expect(rollout).toMatchObject({ status: 'FROZEN', because: 'frozen: Black Friday' });
    expect((await ask<UserErrors>(ada.token, 'freezeEnd', 'FreezeEndInput', { id: freeze?.id }, ERRORS)).userErrors).toEqual([]);
    expect((await step(rollout.id)).status).toBe('RUNNING');
    const { data } = await api.query<{ organization: { freezes: { nodes: { reason: string }[] } } }>(ada.token, '{ organization { freezes(first: 5, open: true) { nodes { reason } } } }');
    expect(data.organization.freezes.nodes.map(({ reason }) => reason)).toEqual(['elsewhere']);
  });
});

it('a webhook that is not on the internet is warned of when it is asked for, unless it is allowed', async () => {
  const gate = (host: string): object => ({ webhook: { url: `http://${host}/gate` } });
  const rollout = { gates: gate('127.1'), waves: [{ count: 1, gates: gate('gate.internal') }, { count: 1, gates: gate('169.254.169.254') }, { count: 1, gates: gate('gate.example.com') }] };
  const warned = [
    { code: 'WEBHOOK_PRIVATE', field: ['input', 'rollout', 'gates', 'webhook', 'url'], message: expect.stringContaining('127.0.0.1') as string },
    { code: 'WEBHOOK_PRIVATE', field: ['input', 'rollout', 'waves', '1', 'gates', 'webhook', 'url'], message: expect.stringContaining('169.254.169.254') as string },
  ];
  const input = { name, manifests: manifest(name), placement: { clusterSelector: 'env=prod' }, rollout };
  const { data } = await api.query<{ policyPreview: { warnings: object[] } }>(ada.token, 'query ($apply: PolicyApplyInput) { policyPreview(apply: $apply) { warnings { code field message } } }', { apply: input });
  expect(data.policyPreview.warnings).toMatchObject(warned.map(({ field, ...warning }) => ({ ...warning, field: ['apply', ...field.slice(1)] })));
  const applied = await ask<UserErrors & { warnings: object[] }>(ada.token, 'policyApply', 'PolicyApplyInput', input, `warnings { code field message } ${ERRORS}`);
  expect(applied).toMatchObject({ userErrors: [], warnings: warned });
});

it('a freeze that holds nobody is made, and says so', async () => {
  const create = (clusterSelector?: string): Promise<UserErrors & { freeze: { id: string } | null; warnings: readonly object[] }> =>
    ask(ada.token, 'freezeCreate', 'FreezeCreateInput', { reason: 'audit', ...(clusterSelector === undefined ? {} : { clusterSelector }) }, `freeze { id } warnings { code message field } ${ERRORS}`);
  const found = [await create('env=prd'), await create('env=prod'), await create()];
  expect(found.map(({ warnings }) => warnings)).toMatchObject([[{ code: 'FREEZE_EMPTY', field: ['input', 'clusterSelector'] }], [], []]);
  for (const { freeze } of found) expect((await ask<UserErrors & { warnings: object[] }>(ada.token, 'freezeEnd', 'FreezeEndInput', { id: freeze?.id }, `warnings { code } ${ERRORS}`))).toMatchObject({ userErrors: [], warnings: [] });
});

describe('a change at once that takes a policy away', () => {
  const remove = (): Promise<UserErrors> => ask(ada.token, 'policyDelete', 'PolicyDeleteInput', { name }, ERRORS);
  const back = (version: number): Promise<UserErrors> => ask(ada.token, 'policyRollBack', 'PolicyRollBackInput', { name, version }, ERRORS);
  /** Held by all of prod, of which version 3 as version 1 selects only alpha. */
  async function hold(): Promise<void> {
    await apply({ placement: { clusterNames: ['alpha'] } });
    await apply({});
    const policyId = (await api.db.admin.query<{ id: string }>(`select id from policy where name = $1 and organization_id = $2`, [name, ada.id])).rows[0]?.id ?? '';
    await api.db.store.transaction(ada.id, (tx) => assignPolicy(tx, policyId));
  }
  const narrow = { placement: { clusterNames: ['alpha'] }, manifests: manifest(`narrow-${count}`) };

  it('is refused where the clusters that lose it are frozen', async () => {
    await insertCluster(api, ada.id, 'frosty', { env: 'prod', frozen: 'yes' });
    await hold();
    const { freeze } = await ask<{ freeze: { id: string } }>(ada.token, 'freezeCreate', 'FreezeCreateInput', { reason: 'audit', clusterSelector: 'frozen=yes' }, 'freeze { id }');
    for (const answer of [await apply(narrow), await back(1)]) expect(answer.userErrors).toMatchObject([{ code: 'FROZEN' }]);
    await api.db.admin.query(`update policy_version set placement = jsonb_set(placement, '{clusterSelector}', '"env=none"') where policy_id = (select id from policy where name = $1 and organization_id = $2)`, [name, ada.id]);
    expect((await remove()).userErrors).toMatchObject([{ code: 'FROZEN' }]);
    await ask(ada.token, 'freezeEnd', 'FreezeEndInput', { id: freeze.id }, ERRORS);
    expect((await apply(narrow)).userErrors).toEqual([]);
  });

  it('is refused where a rollout of another policy is about to bring the object that is lost', async () => {
    await hold();
    await begin({ waves: [{ count: 1 }] }, { name: `${name}-other`, placement: { clusterNames: ['gamma'] }, ignoreFreeze: true });
    expect((await apply(narrow)).userErrors).toMatchObject([{ code: 'ROLLOUT_ACTIVE' }]);
    expect((await back(1)).userErrors).toMatchObject([{ code: 'ROLLOUT_ACTIVE' }]);
    expect((await remove()).userErrors).toMatchObject([{ code: 'ROLLOUT_ACTIVE' }]);
  });
});

describe('versions of a policy', () => {
  it('are compared, and brought back as the next one', async () => {
    await apply({});
    await apply({ manifests: manifest(name, 'PERMISSIVE'), placement: { clusterNames: ['alpha'] } });
    const back = await ask<Applied>(ada.token, 'policyRollBack', 'PolicyRollBackInput', { name, version: 1 }, `changed rollout { id } policy { stableVersion { version } currentVersion { version } } ${ERRORS}`);
    expect(back).toMatchObject({ changed: true, rollout: null, userErrors: [], policy: { stableVersion: { version: 3 }, currentVersion: { version: 3 } } });
    const { data } = await api.query<{ policy: { currentVersion: { diff: Record<string, unknown>; same: Record<string, unknown> } } }>(
      ada.token,
      `{ policy(name: "${name}") { currentVersion { diff { fromVersion manifests settings added { key } changed { key diff } removed { key } } same: diff(against: 1) { fromVersion toVersion manifests settings changed { key } } } } }`,
    );
    expect(data.policy.currentVersion.diff).toMatchObject({ fromVersion: 2, added: [], removed: [], changed: [{ key: `PeerAuthentication.security.istio.io/shop/${name}`, diff: expect.stringContaining('+    mode: STRICT') as string }] });
    expect(data.policy.currentVersion.diff['settings']).toContain('-    - alpha');
    expect(data.policy.currentVersion.same).toEqual({ fromVersion: 1, toVersion: 3, manifests: '', settings: '', changed: [] });
    expect((await ask<Applied>(ada.token, 'policyRollBack', 'PolicyRollBackInput', { name, version: 9 }, ERRORS)).userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['input', 'version'] }]);
  });
});

it('the key that signs webhooks is shown to administrators alone', async () => {
  const key = async (token: string): Promise<string | null> => (await api.query<{ organization: { webhookSigningKey: string | null } }>(token, '{ organization { webhookSigningKey } }')).data.organization.webhookSigningKey;
  expect(await key(ada.token)).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  expect(await key(bob)).toBeNull();
});
