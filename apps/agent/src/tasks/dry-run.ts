import type { FieldConflict, Resource } from '@meshfleet/kube';
import { conflictsOf, isNotFound } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import { canonicalJson, formatObjectKey, isMetadataKind, isMetadataOnly, objectKeyOf, parseApiVersion } from '@meshfleet/model';
import type { DryRunObject, DryRunRequest, DryRunResult } from '@meshfleet/protocol';
import type { ApplyContext } from '../apply/apply-entry.ts';
import { explainFailure } from '../apply/explain-failure.ts';
import { FIELD_MANAGER, keepMarks } from '../apply/ownership.ts';
import { isManagedKind } from '../observe/watched-kinds.ts';
import type { BodyBudget } from './shown-object.ts';
import { comparable, createBodyBudget } from './shown-object.ts';

const AT_ONCE = 4;

/** Says what an apply of these objects would do, by asking the API server itself, admission included. Nothing is stored. */
export async function dryRun(context: ApplyContext, request: DryRunRequest, signal: AbortSignal): Promise<DryRunResult> {
  const budget = createBodyBudget();
  const results: DryRunObject[] = [];
  let next = 0;
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let index = next++; index < request.objects.length && !signal.aborted; index = next++) {
      const object = request.objects[index];
      if (object !== undefined) results[index] = await tryOne(context, object, request.conflicts === 'FORCE', budget);
    }
  });
  await Promise.all(workers);
  return { objects: results };
}

async function tryOne(context: ApplyContext, object: KubeObject, force: boolean, budget: BodyBudget): Promise<DryRunObject> {
  const key = formatObjectKey(objectKeyOf(object));
  const { group, version } = parseApiVersion(object.apiVersion);
  const say = (outcome: DryRunObject['outcome'], reason = '', message = ''): DryRunObject => ({ key, outcome, reason, message: message.slice(0, 1_024), conflicts: [] });
  // The agent may read its own secrets: what it does not manage is not looked at.
  if (!isManagedKind(group, object.kind)) return say('REFUSED', 'KindNotManaged', `Meshfleet does not manage ${object.kind} in ${object.apiVersion}.`);
  if (isMetadataKind(group, object.kind) && !isMetadataOnly(object)) return say('REFUSED', 'ModeRefused', `Of ${object.kind} only labels and annotations are applied.`);
  const resource = context.discovery.find(group, version, object.kind);
  if (resource === undefined) return say('KIND_NOT_SERVED', 'KindNotServed', `The cluster does not serve ${object.kind} in ${object.apiVersion}.`);
  try {
    const live = await read(context, resource, object);
    if (live === undefined && isMetadataKind(group, object.kind)) return say('REFUSED', 'ObjectMissing', `There is no ${object.kind} of this name.`);
    const { wouldBe, conflicts } = await apply(context, resource, keepMarks(object, live), force);
    const before = live === undefined ? undefined : comparable(live);
    const after = comparable(wouldBe);
    const outcome = conflicts.length > 0 ? 'CONFLICT' : before === undefined ? 'CREATED' : canonicalJson(before) === canonicalJson(after) ? 'UNCHANGED' : 'CHANGED';
    const bodies = outcome === 'UNCHANGED' ? {} : { live: before === undefined ? undefined : budget.fit(before), wouldBe: budget.fit(after) };
    const truncated = outcome !== 'UNCHANGED' && (bodies.wouldBe === undefined || (before !== undefined && bodies.live === undefined));
    return {
      ...say(outcome, conflicts.length > 0 ? 'Conflict' : '', conflicts.length > 0 ? `${[...new Set(conflicts.map(({ manager }) => manager))].join(', ')} owns fields that the policy sets.` : ''),
      conflicts: conflicts.slice(0, 100).map(({ manager, field }) => ({ manager: manager.slice(0, 256), field: field.slice(0, 512) })),
      ...(bodies.live === undefined ? {} : { live: bodies.live }),
      ...(bodies.wouldBe === undefined ? {} : { wouldBe: bodies.wouldBe }),
      ...(truncated ? { truncated } : {}),
    };
  } catch (error) {
    const { reason, message } = explainFailure(error);
    return say(reason === 'KindNotServed' ? 'KIND_NOT_SERVED' : 'REFUSED', reason, message);
  }
}

async function read({ client }: ApplyContext, resource: Resource, object: KubeObject): Promise<KubeObject | undefined> {
  try {
    return await client.get(resource, object.metadata.namespace ?? '', object.metadata.name ?? '');
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** What the object would be; where others hold fields, what it would be by force, and who they are. */
async function apply({ client }: ApplyContext, resource: Resource, object: KubeObject, force: boolean): Promise<{ wouldBe: KubeObject; conflicts: readonly FieldConflict[] }> {
  const tryIt = (byForce: boolean) => client.apply(resource, object, { fieldManager: FIELD_MANAGER, force: byForce, dryRun: true });
  try {
    return { wouldBe: await tryIt(force), conflicts: [] };
  } catch (error) {
    const conflicts = conflictsOf(error);
    if (conflicts.length === 0) throw error;
    return { wouldBe: await tryIt(true), conflicts };
  }
}
