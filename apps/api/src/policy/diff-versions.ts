import { MeshfleetError } from '@meshfleet/model';
import type { PolicyVersionRow } from '@meshfleet/store';
import { stringify } from 'yaml';
import { objectContent } from '../desired-state/desired-state-loaders.ts';
import { changedHashes, diffStates, unifiedDiff, type StateDiff } from '../desired-state/diff-states.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { policyVersion } from './policy-loaders.ts';
import { intentOf } from './policy-view.ts';

export interface VersionDiff extends StateDiff {
  readonly fromVersion: number;
  readonly toVersion: number;
  readonly manifests: string;
  readonly settings: string;
}

/** What a version wants otherwise than another of its policy; 0 stands for nothing at all. */
export async function diffVersions(scope: RequestScope, row: PolicyVersionRow, against: number): Promise<VersionDiff> {
  const from = against === 0 ? undefined : await policyVersion(scope, { policyId: row.policyId, version: against });
  if (from === undefined && against !== 0) {
    throw new MeshfleetError({ code: 'NOT_FOUND', summary: `The policy has no version ${against}`, why: 'there never was one', fix: 'Choose one of Policy.versions, or 0 for nothing at all.', where: { field: ['against'] } });
  }
  const before = { entries: entriesOf(from), tombstones: [] };
  const after = { entries: entriesOf(row), tombstones: [] };
  const contents = new Map(await Promise.all(changedHashes(before, after).map(async (hash) => [hash, await objectContent(scope, hash)] as const)));
  return {
    fromVersion: against,
    toVersion: row.version,
    manifests: from?.manifests === row.manifests ? '' : unifiedDiff('manifests', from?.manifests ?? '', row.manifests),
    settings: settingsDiff(from, row),
    ...diffStates(before, after, (hash) => contents.get(hash)),
  };
}

function entriesOf(row: PolicyVersionRow | undefined) {
  return (row?.objects ?? []).map(({ key, hash }) => ({ key, hash, policyId: '', drift: 'CORRECT' as const, conflicts: 'REPORT' as const }));
}

function settingsDiff(from: PolicyVersionRow | undefined, to: PolicyVersionRow): string {
  const text = (row: PolicyVersionRow | undefined): string => {
    if (row === undefined) return '';
    const { manifests: _manifests, objects: _objects, ...settings } = intentOf(row);
    return stringify(settings, { sortMapEntries: true, lineWidth: 0 });
  };
  return text(from) === text(to) ? '' : unifiedDiff('settings', text(from), text(to));
}
