import type { Report } from '@meshfleet/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeReport } from './judge-report.ts';
import type { ReportedCluster } from './judge-report.ts';

const digest = 'd'.repeat(64);
const cluster: ReportedCluster = {
  id: 'c',
  name: 'east',
  reportSeq: 10,
  inventorySeq: 5,
  desiredRevision: 42,
  desiredDigest: digest,
  ackedEpoch: 3,
  ackedRevision: 41,
  region: null,
  zone: 'set by a person',
  wasAway: false,
  features: null,
  epoch: 3,
};
const report: Report = { seq: 11, epoch: 3, revision: 42, digest, conditions: { full: false, items: [] } };
const facts = { kubernetesVersion: 'v1.35.0', nodeCount: 1, region: 'eu', zone: 'eu-1', meshes: [], servedKinds: [] };

describe('a report', () => {
  it('acknowledges the newest revision by its digest', () => {
    expect(judgeReport(cluster, report)).toMatchObject({ isNew: true, acknowledged: true, changesStatus: true, seq: 11 });
  });

  it('acknowledges an older revision too: the agent was there', () => {
    expect(judgeReport(cluster, { ...report, revision: 40, digest: 'e'.repeat(64) })).toMatchObject({ acknowledged: true });
  });

  it.each<[string, Partial<Report>]>([
    ['a revision of the future', { revision: 43 }],
    ['another content of the newest revision', { digest: 'e'.repeat(64) }],
    ['an older epoch', { epoch: 2 }],
    ['a future epoch', { epoch: 4 }],
    ['nothing, when it was taken before', { seq: 10 }],
    ['nothing, when it comes late', { seq: 3 }],
  ])('does not acknowledge %s', (_, changes) => {
    expect(judgeReport(cluster, { ...report, ...changes })).toMatchObject({ acknowledged: false, changesStatus: false });
  });

  it('without a digest acknowledges nothing', () => {
    const { digest: _, ...open } = report;
    expect(judgeReport(cluster, open)).toMatchObject({ isNew: true, acknowledged: false });
  });

  it('shows when the cluster comes back, or says something, and else disturbs nobody', () => {
    const { digest: _, ...quiet } = report;
    expect(judgeReport(cluster, quiet).isVisible).toBe(false);
    expect(judgeReport({ ...cluster, wasAway: true }, quiet).isVisible).toBe(true);
    expect(judgeReport(cluster, { ...quiet, facts }).isVisible).toBe(true);
  });

  it('moves a cluster only where nobody has set its place', () => {
    expect(judgeReport(cluster, { ...report, facts }).movedTo).toEqual({ region: 'eu', zone: null });
    expect(judgeReport({ ...cluster, region: 'us' }, { ...report, facts }).movedTo).toBeUndefined();
  });

  it.each([
    [0, true, false],
    [5, true, false],
    [4, false, true],
    [6, false, true],
  ])('takes an inventory that builds on %i: %s, asks for all of it: %s', (base, takesInventory, resyncInventory) => {
    const judged = judgeReport(cluster, { ...report, inventory: { seq: 6, base, upsert: [], remove: [] } });
    expect(judged).toMatchObject({ takesInventory, resyncInventory, inventorySeq: takesInventory ? 6 : 5 });
  });

  it('never lowers the sequence, and an old one has no effect whatever it says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 9 }), fc.boolean(), (seq, base, full) => {
        const inventory = { seq: 6, base, upsert: [], remove: [] };
        const judged = judgeReport(cluster, { ...report, seq, facts, inventory, conditions: { full, items: [] } });
        expect(judged.seq).toBe(Math.max(seq, 10));
        expect(judged.isNew).toBe(seq > 10);
        if (!judged.isNew) expect([judged.acknowledged, judged.takesInventory, judged.resyncInventory, judged.movedTo]).toEqual([false, false, false, undefined]);
      }),
    );
  });
});
