import { ResolveField, Resolver } from '@nestjs/graphql';
import { MeshfleetError } from '@meshfleet/model';
import { expiresAtOf, type Share } from '@meshfleet/planner';
import type { DesiredEntry, DesiredState } from '@meshfleet/protocol';
import type { DesiredStateRow } from '@meshfleet/store';
import { connectionOf, pageOf, type ConnectionArgs } from '../graphql/connection.ts';
import type { GraphqlContext } from '../graphql/context.ts';
import { policyById } from '../policy/policy-loaders.ts';
import { policyView } from '../policy/policy-view.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { objectContent, previousState, stateBody } from './desired-state-loaders.ts';
import { loadDesiredState, type DesiredStateView } from './desired-state-view.ts';
import { changedHashes, diffStates } from './diff-states.ts';
import type { ObjectShareView } from './object-share.resolver.ts';
import { sliceByKey } from './slice-by-key.ts';

@Resolver('DesiredState')
export class DesiredStateResolver {
  @ResolveField()
  async causes({ row }: DesiredStateView, _args: unknown, { scope }: GraphqlContext) {
    return Promise.all(
      row.cause.map(async ({ action, actor, policyId, version }) => ({
        action,
        actor: actor ?? null,
        version: version ?? null,
        policyName: policyId === undefined ? null : ((await policyById(scope, policyId))?.name ?? null),
      })),
    );
  }

  @ResolveField()
  async objects({ row }: DesiredStateView, args: ConnectionArgs, { scope }: GraphqlContext) {
    const page = pageOf(args, ['string']);
    const { entries } = await stateBody(scope, row.digest);
    const slice = sliceByKey(entries, page);
    const shares = new Map(row.shares);
    return connectionOf(slice, (entry) => [entry.key], (entry) => objectView(entry, shares.get(entry.key) ?? []), () => Promise.resolve(entries.length));
  }

  @ResolveField()
  async diff({ row }: DesiredStateView, { against }: { against?: number | null }, { scope }: GraphqlContext) {
    const from = typeof against === 'number' ? await earlierState(scope, row, against) : await previousState(scope, row);
    const before: DesiredState = from === undefined ? { entries: [], tombstones: [] } : await stateBody(scope, from.digest);
    const after = await stateBody(scope, row.digest);
    const hashes = changedHashes(before, after);
    const contents = new Map(await Promise.all(hashes.map(async (hash) => [hash, await objectContent(scope, hash)] as const)));
    return { fromRevision: from?.revision ?? 0, toRevision: row.revision, ...diffStates(before, after, (hash) => contents.get(hash)) };
  }
}

@Resolver('DesiredObject')
export class DesiredObjectResolver {
  @ResolveField()
  async policy({ entry }: ObjectView, _args: unknown, { scope }: GraphqlContext) {
    const policy = await policyById(scope, entry.policyId);
    return policy === undefined ? null : policyView(policy);
  }

  @ResolveField()
  manifest({ entry }: ObjectView, _args: unknown, { scope }: GraphqlContext) {
    return objectContent(scope, entry.hash);
  }

  @ResolveField()
  async expiresAt({ entry }: ObjectView, _args: unknown, { scope }: GraphqlContext) {
    const object = await objectContent(scope, entry.hash);
    const said = object === undefined ? undefined : expiresAtOf(object);
    return said == null ? null : new Date(said);
  }
}

function objectView(entry: DesiredEntry, shares: readonly Share[]) {
  return { entry, key: entry.key, hash: entry.hash, shares: shares.map((share): ObjectShareView => ({ key: entry.key, share })) };
}
type ObjectView = ReturnType<typeof objectView>;

/** Revision 0 is what a cluster holds before anything is asked of it. */
async function earlierState(scope: RequestScope, row: DesiredStateRow, revision: number): Promise<DesiredStateRow | undefined> {
  if (revision === 0) return undefined;
  const found = revision > 0 ? await loadDesiredState(scope, { clusterId: row.clusterId, revision }) : undefined;
  if (found !== undefined) return found;
  throw new MeshfleetError({
    code: 'NOT_FOUND',
    summary: `There is no revision ${revision} of this cluster's desired state`,
    why: 'there never was one, or it is older than what is kept',
    fix: 'Choose one of the revisions that the cluster lists, or 0 for nothing at all.',
    where: { field: ['against'] },
  });
}
