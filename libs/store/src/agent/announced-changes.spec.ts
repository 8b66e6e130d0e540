import { randomBytes } from 'node:crypto';
import type { Report, ReportedCondition } from '@meshfleet/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHANGED_CHANNEL } from '../desired-state/announce.ts';
import { collectNotices } from '../testing/collect-notices.ts';
import { testFleet } from '../testing/test-fleet.ts';
import type { TestFleet } from '../testing/test-fleet.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { insertJoinToken } from '../tokens/join-tokens.ts';
import { uuidv7 } from '../uuidv7.ts';
import { enrolCluster } from './enrol-cluster.ts';
import { writeReports } from './write-reports.ts';

const KEY = 'VirtualService.networking.istio.io/shop/reviews';

let test: TestStore;
let fleet: TestFleet;
let clusterId: string;
let policyId: string;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

/** A cluster that has acknowledged revision 1, which carries one policy. */
async function arrange(): Promise<void> {
  fleet = testFleet(test, await test.createOrganization());
  [clusterId = ''] = await fleet.addClusters([{ name: 'a' }]);
  policyId = await fleet.applyPolicy({ name: 'p', objects: { [KEY]: 'h' }, clusterSelector: '' });
  await test.admin.query(`update cluster set desired_revision = 1, last_seen_at = now() where id = $1`, [clusterId]);
  await test.admin.query(
    `insert into policy_cluster (organization_id, policy_id, cluster_id, version, revision, status) values ($1, $2, $3, 1, 1, 'PENDING')`,
    [fleet.organizationId, policyId, clusterId],
  );
}

function report(seq: number, items: readonly ReportedCondition[] = []): Promise<unknown> {
  const said: Report = { seq, epoch: 1, revision: 1, digest: 'd'.repeat(64), conditions: { full: false, items: [...items] } };
  return test.store.transaction(fleet.organizationId, (tx) => writeReports(tx, [{ clusterId, report: said }]));
}

function condition(status: ReportedCondition['status'], message: string): ReportedCondition {
  return { key: KEY, policyId, status, reason: 'Conflict', message, observedAt: '2026-01-01T00:00:00.000Z' };
}

async function policiesNamedBy(work: () => Promise<unknown>): Promise<string[]> {
  const notices = await collectNotices(test, fleet.organizationId, CHANGED_CHANNEL, work);
  return notices.flatMap((payload) => (JSON.parse(payload) as { policies: string[] }).policies);
}

describe('whoever watches a policy is told', () => {
  it('when a report moves its status', async () => {
    await arrange();
    expect(await policiesNamedBy(() => report(1))).toEqual([policyId]);
    expect(await policiesNamedBy(() => report(2, [condition('FAILED', 'another manager')]))).toEqual([policyId]);
    expect(await policiesNamedBy(() => report(3, [condition('APPLIED', '')]))).toEqual([policyId]);
  });

  it('when a report says something new of an object though the status stays', async () => {
    await arrange();
    await report(1, [condition('FAILED', 'the first word')]);
    expect(await policiesNamedBy(() => report(2, [condition('FAILED', 'another word')]))).toEqual([policyId]);
    expect(await policiesNamedBy(() => report(3, [condition('CORRECTED', 'put right')]))).toEqual([policyId]);
  });

  it('when the cluster enrols again and has yet to carry it out again', async () => {
    await arrange();
    await report(1);
    expect(await policiesNamedBy(enrolAgain)).toEqual([policyId]);
    expect(await fleet.policyClusters()).toMatchObject([{ policyId, status: 'PENDING' }]);
    expect(await policiesNamedBy(enrolAgain)).toEqual([]);
  });
});

describe('nobody who watches a policy is woken', () => {
  it('by a report that says nothing new of it, or that was taken before', async () => {
    await arrange();
    await report(1);
    expect(await policiesNamedBy(() => report(2))).toEqual([]);
    expect(await policiesNamedBy(() => report(1, [condition('FAILED', 'late')]))).toEqual([]);
  });
});

function enrolAgain(): Promise<unknown> {
  const at = new Date();
  const tokenHash = randomBytes(32);
  const token = { id: uuidv7(at, randomBytes(10)), name: 'again', hash: tokenHash, labels: {}, maxUses: 1, requireApproval: false };
  const jwk = { kty: 'OKP', x: randomBytes(32).toString('base64url') } as const;
  return test.store.transaction(fleet.organizationId, async (tx) => {
    insertJoinToken(tx, { ...token, expiresAt: new Date(at.getTime() + 60_000), createdBy: 'user:test|ada', createdAt: at });
    await enrolCluster(tx, {
      newClusterId: uuidv7(at, randomBytes(10)),
      tokenHash,
      clusterUid: clusterId, // the fleet of specs gives clusters their id as UID
      clusterName: 'a',
      signKid: randomBytes(8).toString('hex'),
      signJwk: { ...jwk, crv: 'Ed25519' },
      sealJwk: { ...jwk, crv: 'X25519' },
      agentVersion: '0.1.0',
      kubernetesVersion: 'v1.35.0',
      at,
    });
  });
}
