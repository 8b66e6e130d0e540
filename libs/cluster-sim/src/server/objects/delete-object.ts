import type { KubeObject } from '@meshfleet/model';
import type { DeleteOptions, ResourceInfo, UserInfo } from '../../seam.ts';
import { keyOf } from '../../storage/table.ts';
import { conflict } from '../status-error.ts';
import { inStorageVersion, inVersion, mustRead, tableOf, timestamp, type Engine } from './engine.ts';
import { resourceId } from './strategy.ts';
import { readyToGo } from './update-object.ts';

export interface DeleteContext {
  readonly user: UserInfo;
  readonly dryRun: boolean;
}

export interface Deleted {
  readonly object: KubeObject;
  /** False: it lives on with a deletionTimestamp until its finalizers are gone. */
  readonly gone: boolean;
}

const DEFAULT_POD_GRACE_SECONDS = 30;

/** DELETE of one object: at once, or a deletionTimestamp where finalizers, namespaces' content or a pod's grace period hold it. */
export function deleteObject(
  engine: Engine,
  info: ResourceInfo,
  namespace: string | undefined,
  name: string,
  options: DeleteOptions,
  context: DeleteContext,
): Deleted {
  const live = mustRead(engine, info, namespace, name);
  checkPreconditions(info, live, options);
  engine.admission.checkDelete?.(info, live, { fieldValidation: 'Ignore', user: context.user, dryRun: context.dryRun, store: engine.view });
  const dying = marked(engine, info, live, options);
  const gone = readyToGo(info, dying);
  if (context.dryRun) return { object: dying, gone };
  const table = tableOf(engine, info);
  const key = keyOf(info.namespaced ? namespace : undefined, name);
  if (gone) return { object: inVersion(engine.store.remove(table, key) ?? dying, info), gone };
  // Deleting twice changes nothing the second time.
  if (dying === live) return { object: live, gone };
  return { object: inVersion(engine.store.put(table, key, inStorageVersion(dying, info)), info), gone };
}

function checkPreconditions(info: ResourceInfo, live: KubeObject, options: DeleteOptions): void {
  const name = live.metadata.name ?? '';
  // The kind stands where other conflicts name the resource.
  const subject = { group: info.group, plural: info.kind };
  if (options.uid !== undefined && options.uid !== live.metadata.uid) {
    throw conflict(
      subject,
      name,
      `the UID in the precondition (${options.uid}) does not match the UID in record (${live.metadata.uid ?? ''}). The object might have been deleted and then recreated`,
    );
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== live.metadata.resourceVersion) {
    throw conflict(
      subject,
      name,
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${live.metadata.resourceVersion ?? ''}). The object might have been modified`,
    );
  }
}

/** The object as it dies: with its deletion time, and with the finalizer that the propagation policy asks for. */
function marked(engine: Engine, info: ResourceInfo, live: KubeObject, options: DeleteOptions): KubeObject {
  const grace = gracePeriod(info, live, options);
  const finalizers = policyFinalizers(live, options);
  const { deletionTimestamp, deletionGracePeriodSeconds } = live.metadata;
  const unchanged = deletionTimestamp !== undefined && finalizers === live.metadata.finalizers && grace >= (deletionGracePeriodSeconds ?? 0);
  if (unchanged) return live;
  const status = resourceId(info) === 'namespaces' ? { status: { ...(live['status'] as object | undefined), phase: 'Terminating' } } : {};
  const first = deletionTimestamp === undefined;
  const bump = first && live.metadata.generation !== undefined ? { generation: live.metadata.generation + 1 } : {};
  return {
    ...live,
    ...status,
    metadata: {
      ...live.metadata,
      ...bump,
      ...(finalizers === undefined ? {} : { finalizers }),
      deletionTimestamp: deletionTimestamp ?? timestamp(new Date(engine.now().getTime() + grace * 1_000)),
      deletionGracePeriodSeconds: grace,
    },
  };
}

/** Only pods that run somewhere take time to go. */
function gracePeriod(info: ResourceInfo, live: KubeObject, options: DeleteOptions): number {
  if (resourceId(info) !== 'pods') return 0;
  const spec = live['spec'] as { nodeName?: string; terminationGracePeriodSeconds?: number } | undefined;
  const phase = (live['status'] as { phase?: string } | undefined)?.phase;
  if (spec?.nodeName === undefined || spec.nodeName === '' || phase === 'Succeeded' || phase === 'Failed') return 0;
  return options.gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? DEFAULT_POD_GRACE_SECONDS;
}

function policyFinalizers(live: KubeObject, options: DeleteOptions): string[] | undefined {
  const current = live.metadata.finalizers;
  const wanted = options.propagationPolicy === 'Foreground' ? 'foregroundDeletion' : options.propagationPolicy === 'Orphan' ? 'orphan' : undefined;
  const other = wanted === 'orphan' ? 'foregroundDeletion' : 'orphan';
  if (options.propagationPolicy === undefined || live.metadata.deletionTimestamp !== undefined) return current;
  const kept = (current ?? []).filter((finalizer) => finalizer !== wanted && finalizer !== (wanted === undefined ? '' : other));
  return wanted === undefined ? current : [...kept, wanted];
}
