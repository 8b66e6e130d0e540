import { digestOfEntry, TASK_REQUESTS, type DryRunObject, type DryRunRequest } from '@meshfleet/protocol';
import { answerAgentTask } from '@meshfleet/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { holdEverything } from '../testing/hold-everything.ts';
import { insertCluster, manifest } from '../testing/populate.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let ada: { id: string; slug: string; token: string };
let frankfurt: string;
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.organization('ada', 'acme');
  frankfurt = await insertCluster(api, ada.id, 'frankfurt', { env: 'prod' });
});
afterAll(() => api.close());

const key = (name: string): string => `PeerAuthentication.security.istio.io/shop/${name}`;
const intent = (name: string, objects: readonly string[], more: object = {}) => ({ name, manifests: objects.map((each) => manifest(each)).join('---\n'), placement: { clusterNames: ['frankfurt'] }, ...more });

const beAgentWith = (features: readonly string[]) =>
  api.db.admin.query(`update cluster set last_seen_at = now(), facts = $2 where id = $1`, [frankfurt, JSON.stringify({ kubernetesVersion: 'v1.35.0', nodeCount: 1, meshes: [], servedKinds: [], features })]);

async function apply(input: object): Promise<void> {
  const { data, errors } = await api.query<{ policyApply: { userErrors: object[] } }>(ada.token, 'mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { userErrors { code message } } }', { input });
  expect([errors, data.policyApply.userErrors]).toEqual([[], []]);
}

interface DryRun {
  readonly objects: readonly Record<string, unknown>[];
  readonly left: number;
  readonly warnings: readonly { readonly code: string }[];
  readonly error: { readonly code: string } | null;
}
const PREVIEW = `query ($apply: PolicyApplyInput, $delete: PolicyDeleteInput) { policyPreview(apply: $apply, delete: $delete) { userErrors { message }
  clusters(first: 1) { nodes { dryRun { objects { key outcome reason message conflicts { manager field } diff } left warnings { code fix } error { code message } } } } } }`;

/** What the preview shows when the agent answers so; undefined: it is not asked at all. */
async function preview(variables: object, answer: ((request: DryRunRequest) => readonly DryRunObject[]) | undefined): Promise<{ dryRun: DryRun | undefined; asked: DryRunRequest | undefined }> {
  const shown = api.query<{ policyPreview: { clusters: { nodes: { dryRun: DryRun }[] } } }>(ada.token, PREVIEW, variables);
  const asked = answer === undefined ? undefined : await answerAsAgent(answer);
  const { data, errors } = await shown;
  expect(errors).toEqual([]);
  return { dryRun: data.policyPreview.clusters.nodes[0]?.dryRun, asked };
}

async function answerAsAgent(answer: (request: DryRunRequest) => readonly DryRunObject[]): Promise<DryRunRequest> {
  for (;;) {
    const { rows } = await api.db.admin.query<{ id: string; request: unknown }>(`select id, request from agent_task where cluster_id = $1 and status = 'PENDING'`, [frankfurt]);
    const [task] = rows;
    if (task === undefined) continue;
    const request = TASK_REQUESTS.DRY_RUN.parse(task.request);
    await api.db.store.transaction(ada.id, (tx) => answerAgentTask(tx, frankfurt, task.id, { status: 'DONE', result: { objects: answer(request) } }));
    return request;
  }
}

const said = (name: string, outcome: DryRunObject['outcome'], more: Partial<DryRunObject> = {}): DryRunObject => ({ key: key(name), outcome, reason: '', message: '', conflicts: [], ...more });

describe('a dry run of what a change withdraws', () => {
  beforeAll(async () => {
    await apply(intent('old', ['one', 'two']));
    await apply(intent('young', ['one']));
    await holdEverything(api, ada.id, frankfurt);
  });

  it('asks what becomes of the objects, and shows what the agent says', async () => {
    await beAgentWith(['TASKS', 'HAND_BACK']);
    const live = { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata: { name: 'two' }, spec: { mtls: { mode: 'STRICT' } } };
    const wouldBe = { ...live, spec: { mtls: { mode: 'PERMISSIVE' } } };
    const { dryRun, asked } = await preview({ apply: intent('old', ['one']) }, () => [said('two', 'HANDED_BACK', { message: 'given back', live, wouldBe })]);
    const { rows } = await api.db.admin.query<{ id: string }>(`select id from policy where name = 'old'`);
    expect(asked).toEqual({ objects: [], conflicts: 'REPORT', withdrawal: { tombstones: [{ key: key('two'), policyId: rows[0]?.id }], listed: 1, approvedDeletions: 0 } });
    expect(dryRun).toEqual({
      objects: [{ key: key('two'), outcome: 'HANDED_BACK', reason: '', conflicts: [], message: 'given back', diff: expect.stringContaining('-    mode: STRICT\n+    mode: PERMISSIVE') as string }],
      left: 0,
      warnings: [],
      error: null,
    });
  });

  it('asks about objects that pass to another policy as well', async () => {
    await beAgentWith(['TASKS', 'HAND_BACK']);
    const { dryRun, asked } = await preview({ delete: { name: 'old' } }, () => [said('one', 'UNCHANGED'), said('two', 'KEPT', { reason: 'NotOurs' })]);
    expect(asked?.objects).toMatchObject([{ metadata: { name: 'one' } }]);
    expect(asked?.withdrawal?.tombstones.map((each) => each.key)).toEqual([key('two')]);
    expect(dryRun?.objects.map(({ outcome, reason }) => `${String(outcome)} ${String(reason)}`)).toEqual(['UNCHANGED ', 'KEPT NotOurs']);
  });

  it('says of an object that was applied for one of two policies what that one brings', async () => {
    await beAgentWith(['TASKS', 'HAND_BACK']);
    const { dryRun } = await preview({ delete: { name: 'old' } }, () => [said('two', 'KEPT', { reason: 'NotOurs' }), said('two', 'REMOVED'), said('two', 'KEPT', { reason: 'NotOurs' })]);
    expect(dryRun?.objects.map(({ outcome }) => outcome)).toEqual(['REMOVED']);
  });

  it('does not ask an agent that is too old for it, and says so', async () => {
    await beAgentWith(['TASKS']);
    const { dryRun } = await preview({ apply: intent('old', ['one']) }, undefined);
    expect(dryRun).toEqual({ objects: [], left: 0, warnings: [{ code: 'AGENT_OUTDATED', fix: expect.any(String) as string }], error: null });
    const both = await preview({ apply: intent('old', ['one', 'three']) }, () => [said('three', 'CREATED')]);
    expect(both.asked).not.toHaveProperty('withdrawal');
    expect(both.dryRun).toMatchObject({ objects: [{ key: key('three'), outcome: 'CREATED' }], warnings: [{ code: 'AGENT_OUTDATED' }] });
  });

  it('warns of no old agent when nothing could be given back, or it does not answer at all', async () => {
    await beAgentWith(['TASKS']);
    expect((await preview({ apply: intent('fresh', ['four']) }, () => [said('four', 'CREATED')])).dryRun).toMatchObject({ objects: [{ outcome: 'CREATED' }], warnings: [] });
    await beAgentWith([]);
    expect((await preview({ apply: intent('old', ['one']) }, undefined)).dryRun).toMatchObject({ objects: [], warnings: [], error: { code: 'AGENT_OUTDATED' } });
  });
});

describe('a dry run of what a change writes', () => {
  it('says which conflicts the policy takes over, by field or by force', async () => {
    await beAgentWith(['TASKS', 'HAND_BACK', 'TAKE_OVER']);
    const conflict = () => [said('theirs', 'CONFLICT', { conflicts: [{ manager: 'argocd', field: '.spec.mtls.mode' }] })];
    const outcome = async (more: object) => (await preview({ apply: intent('taking', ['theirs'], more) }, conflict)).dryRun?.objects.map(({ outcome: each, reason }) => `${String(each)} ${String(reason)}`);
    expect(await outcome({})).toEqual(['CONFLICT ']);
    expect(await outcome({ conflicts: 'FORCE' })).toEqual(['CHANGED TakenOver']);
    expect(await outcome({ takeOver: [{ object: key('theirs'), fields: ['.spec.mtls'] }] })).toEqual(['CHANGED TakenOver']);
    expect(await outcome({ takeOver: [{ object: key('theirs'), fields: ['.spec.selector'] }] })).toEqual(['CONFLICT ']);
  });

  it('shows no difference where something is in the way: nothing is taken, and the object stays as it is', async () => {
    await beAgentWith(['TASKS', 'HAND_BACK', 'TAKE_OVER']);
    const live = { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata: { name: 'theirs', labels: { of: 'them' } }, spec: { mtls: { mode: 'DISABLE' } } };
    const forced = { ...live, metadata: { ...live.metadata, labels: { of: 'us' } }, spec: { mtls: { mode: 'STRICT' } } };
    const conflicts = [{ manager: 'argocd', field: '.spec.mtls.mode' }, { manager: 'helm', field: '.metadata.labels.of' }];
    const answer = () => [said('theirs', 'CONFLICT', { message: 'argocd, helm owns fields', conflicts, live, wouldBe: forced })];
    const shown = async (more: object) => (await preview({ apply: intent('partly', ['theirs'], more) }, answer)).dryRun?.objects;
    expect(await shown({ takeOver: [{ object: key('theirs'), fields: ['.spec.mtls'] }] })).toEqual([{ key: key('theirs'), outcome: 'CONFLICT', reason: '', conflicts, message: 'argocd, helm owns fields .metadata.labels.of of helm is in the way, and nothing is taken over.', diff: '' }]);
    expect(await shown({})).toMatchObject([{ outcome: 'CONFLICT', message: 'argocd, helm owns fields', diff: '' }]);
    expect(await shown({ takeOver: [{ object: key('theirs') }] })).toMatchObject([{ outcome: 'CHANGED', diff: expect.stringContaining('+    mode: STRICT') as string }]);
  });

  it('says what an earlier version took and this one may not: it is given back, and in the way', async () => {
    await beAgentWith(['TASKS', 'HAND_BACK', 'TAKE_OVER']);
    const live = { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata: { name: 'theirs' }, spec: { mtls: { mode: 'STRICT' } } };
    const givenUp = { fields: ['.spec.mtls.mode'], wasOurs: false, letsGo: true, live, wouldBe: { ...live, spec: { mtls: { mode: 'DISABLE' } } } };
    const shown = async (more: object, wasOurs = false, what: Partial<DryRunObject> = {}) => (await preview({ apply: intent('letting', ['theirs'], more) }, () => [{ ...said('theirs', 'UNCHANGED', what), givenUp: { ...givenUp, wasOurs } }])).dryRun?.objects[0];
    expect(await shown({})).toMatchObject({ outcome: 'CONFLICT', reason: 'HandedBack', conflicts: [{ manager: 'meshfleet-left-behind', field: '.spec.mtls.mode' }], message: expect.stringContaining('.spec.mtls.mode is given back as it was') as string, diff: expect.stringContaining('+    mode: DISABLE') as string });
    expect(await shown({ takeOver: [{ object: key('theirs'), fields: ['.spec.mtls'] }] })).toMatchObject({ outcome: 'UNCHANGED', diff: '' });
    expect(await shown({ conflicts: 'FORCE' })).toMatchObject({ outcome: 'UNCHANGED', diff: '' });
    // What had drifted is drift again, where drift is only reported.
    expect(await shown({}, true)).toMatchObject({ outcome: 'UNCHANGED' });
    expect(await shown({ drift: 'REPORT' }, true)).toMatchObject({ outcome: 'CHANGED', reason: 'HandedBack', message: expect.stringContaining('drift again') as string });
    const conflicts = [{ manager: 'argocd', field: '.spec.selector' }];
    expect(await shown({ drift: 'REPORT' }, true, { outcome: 'CONFLICT', conflicts })).toMatchObject({ outcome: 'CONFLICT', reason: 'HandedBack', conflicts: [...conflicts, { manager: 'meshfleet-left-behind', field: '.spec.mtls.mode' }] });
  });

  it('says of labels that the rest is set where some are given back', async () => {
    await beAgentWith(['TASKS', 'HAND_BACK', 'TAKE_OVER', 'METADATA']);
    const labelled = (labels: Record<string, string>) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } });
    const live = labelled({ team: 'ours', tier: 'theirs', stage: 'old', zone: 'ours' });
    const field = (label: string): string => `.metadata.labels.${label}`;
    const answer: DryRunObject = {
      key: 'Namespace/shop', outcome: 'CONFLICT', reason: 'Conflict', message: '', conflicts: [{ manager: 'argocd', field: field('tier') }],
      live, wouldBe: labelled({ team: 'newer', tier: 'newer', stage: 'newer', zone: 'newer' }),
      givenUp: { fields: [field('team'), field('zone')], wasOurs: false, letsGo: false, live, wouldBe: labelled({ team: 'before', tier: 'newer', stage: 'newer', zone: 'before' }) },
    };
    const change = { name: 'labels', manifests: JSON.stringify(labelled({ team: 'newer', tier: 'newer', stage: 'newer', zone: 'newer' })), placement: { clusterNames: ['frankfurt'] }, takeOver: [{ object: 'Namespace/shop', fields: [field('zone')] }] };
    const { dryRun } = await preview({ apply: change }, () => [answer]);
    expect(dryRun?.objects).toMatchObject([{ outcome: 'CONFLICT', reason: 'HandedBack', conflicts: [{ manager: 'argocd', field: field('tier') }, { manager: 'meshfleet-left-behind', field: field('team') }] }]);
    expect(String(dryRun?.objects[0]?.['diff']).split('\n').filter((line) => /^[+-] /.test(line)).sort()).toEqual(['+    stage: newer', '+    team: before', '+    zone: newer', '-    stage: old', '-    team: ours', '-    zone: ours']);
  });

  it('says what has drifted since the policy applied it: that stays, or is put right, whatever may be taken', async () => {
    await beAgentWith(['TASKS', 'HAND_BACK', 'TAKE_OVER']);
    await apply(intent('drifting', ['drifted']));
    const { rows } = await api.db.admin.query<{ id: string }>(`select id from policy where name = 'drifting'`);
    const live = { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata: { name: 'drifted' }, spec: { mtls: { mode: 'DISABLE' } } };
    const conflict = { conflicts: [{ manager: 'kubectl', field: '.spec.mtls.mode' }], live, wouldBe: { ...live, spec: { mtls: { mode: 'STRICT' } } } };
    const shown = async (more: object, outcome: DryRunObject['outcome'], what: Partial<DryRunObject>, appliedFor = rows[0]?.id ?? '') =>
      (await preview({ apply: intent('drifting', ['drifted'], more) }, () => [said('drifted', outcome, { ...what, appliedFor })])).dryRun?.objects[0];
    expect(await shown({ drift: 'REPORT', conflicts: 'FORCE' }, 'CONFLICT', conflict)).toMatchObject({ outcome: 'UNCHANGED', reason: 'Drifted', message: expect.stringContaining('.spec.mtls.mode of kubectl') as string, diff: '' });
    expect(await shown({ drift: 'REPORT', conflicts: 'FORCE' }, 'CREATED', { wouldBe: live })).toMatchObject({ outcome: 'UNCHANGED', reason: 'Drifted', diff: '' });
    expect(await shown({}, 'CONFLICT', conflict)).toMatchObject({ outcome: 'CHANGED', reason: 'Corrected', diff: expect.stringContaining('+    mode: STRICT') as string });
    // What was taken of somebody in the first place is put right only where it may be taken.
    const lent = { ...conflict, lent: ['.spec.mtls.mode'] };
    expect(await shown({}, 'CONFLICT', lent)).toMatchObject({ outcome: 'CONFLICT', diff: '' });
    expect(await shown({ takeOver: [{ object: key('drifted'), fields: ['.spec.mtls'] }] }, 'CONFLICT', lent)).toMatchObject({ outcome: 'CHANGED', reason: 'Corrected' });
    // Somebody changes it back each time: it is not put right any more.
    for (const outcome of ['CONFLICT', 'CREATED'] as const) {
      expect(await shown({}, outcome, { ...conflict, contested: true })).toMatchObject({ outcome: 'UNCHANGED', reason: 'Contested', message: expect.stringContaining('settled who owns it') as string, diff: '' });
    }
    expect(await shown({ drift: 'REPORT' }, 'UNCHANGED', {})).toMatchObject({ outcome: 'UNCHANGED', reason: '' });
    expect(await shown({ drift: 'REPORT', conflicts: 'FORCE' }, 'CONFLICT', conflict, 'another policy')).toMatchObject({ outcome: 'CHANGED', reason: 'TakenOver' });
  });

  it('says what a newer version takes back of what had drifted, where it corrects drift', async () => {
    await beAgentWith(['TASKS', 'HAND_BACK', 'TAKE_OVER']);
    const live = { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata: { name: 'newer' }, spec: { mtls: { mode: 'DISABLE' } } };
    const conflicts = [{ manager: 'kubectl', field: '.spec.mtls.mode' }];
    const conflict = { conflicts, live, wouldBe: { ...live, spec: { mtls: { mode: 'STRICT' } } }, wereOurs: ['.spec.mtls.mode'] };
    const shown = async (more: object, what: Partial<DryRunObject> = {}) => (await preview({ apply: intent('renewed', ['newer'], more) }, () => [said('newer', 'CONFLICT', { ...conflict, ...what })])).dryRun?.objects[0];
    expect(await shown({})).toMatchObject({ outcome: 'CHANGED', reason: 'Corrected', message: expect.stringContaining('.spec.mtls.mode of kubectl is drift') as string, diff: expect.stringContaining('+    mode: STRICT') as string });
    expect(await shown({ drift: 'REPORT' })).toMatchObject({ outcome: 'CONFLICT', diff: '' });
    const more = { conflicts: [...conflicts, { manager: 'argocd', field: '.spec.selector' }] };
    expect(await shown({}, more)).toMatchObject({ outcome: 'CONFLICT', diff: '' });
    expect(await shown({ takeOver: [{ object: key('newer'), fields: ['.spec.selector'] }] }, more)).toMatchObject({ outcome: 'CHANGED', reason: 'TakenOver' });
  });

  it('says of a version that was refused before, and is so again, how the object stands then', async () => {
    await beAgentWith(['TASKS', 'HAND_BACK', 'TAKE_OVER']);
    await apply(intent('returning', ['returned'], { drift: 'REPORT' }));
    const { rows } = await api.db.admin.query<{ id: string; hash: string }>(`select p.id, o->>'hash' as hash from policy p join policy_version v on v.policy_id = p.id cross join lateral jsonb_array_elements(v.objects) o where p.name = 'returning'`);
    const { id: policyId = '', hash = '' } = rows[0] ?? {};
    const under = digestOfEntry({ key: key('returned'), hash, policyId, drift: 'REPORT', conflicts: 'REPORT' });
    const live = { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata: { name: 'returned' }, spec: { mtls: { mode: 'STRICT' } } };
    const beneath = { under, live, wouldBe: { ...live, spec: { mtls: { mode: 'DISABLE' } } } };
    const shown = async (more: object, outcome: DryRunObject['outcome']) => (await preview({ apply: intent('returning', ['returned'], { drift: 'REPORT', ...more }) }, () => [said('returned', outcome, { message: 'no.', beneath })])).dryRun?.objects[0];
    expect(await shown({}, 'REFUSED')).toMatchObject({ outcome: 'REFUSED', message: expect.stringContaining('put back') as string, diff: expect.stringContaining('+    mode: DISABLE') as string });
    expect(await shown({}, 'CHANGED')).toMatchObject({ outcome: 'CHANGED', diff: '' });
    expect(await shown({ drift: 'CORRECT' }, 'REFUSED')).toMatchObject({ outcome: 'REFUSED', message: 'no.', diff: '' });
    // What is in the way of it is in the way of the object as it is put back, and not as it stands now.
    const conflicts = [{ manager: 'argocd', field: '.spec.mtls.mode' }];
    const inTheWay = async (more: object) => (await preview({ apply: intent('returning', ['returned'], { drift: 'REPORT', ...more }) }, () => [said('returned', 'CHANGED', { beneath: { ...beneath, conflicts } })])).dryRun?.objects[0];
    const forced = async (more: Partial<DryRunObject>) => (await preview({ apply: intent('returning', ['returned'], { drift: 'REPORT' }) }, () => [said('returned', 'CONFLICT', { conflicts, appliedFor: policyId, ...more })])).dryRun?.objects[0];
    // What drifted of what was applied since is drift no more.
    expect(await forced({ beneath: { ...beneath, conflicts: [], applied: { live, wouldBe: { ...live, spec: { mtls: { mode: 'PERMISSIVE' } } } } } })).toMatchObject({ outcome: 'CHANGED', reason: '', conflicts: [], diff: expect.stringContaining('+    mode: PERMISSIVE') as string });
    expect(await inTheWay({})).toMatchObject({ outcome: 'CONFLICT', reason: 'Conflict', conflicts, diff: expect.stringContaining('+    mode: DISABLE') as string });
  });
});
