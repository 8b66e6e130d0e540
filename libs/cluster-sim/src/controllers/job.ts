import type { KubeObject } from '@meshfleet/model';
import { at, listAt, mapAt, numberAt, textAt, thaw } from '../kinds/field.ts';
import type { Condition, Controller, ControllerContext } from './context.ts';
import { controlledBy, controllerKey, infoOf, isKind, keyOf, mergeConditions, nowText, splitKey, writeStatus } from './context.ts';
import { isActive, podFromTemplate } from './pod-template.ts';

/** Job to pods, which finish at once: a simulated workload has nothing to compute. */
export function jobController(context: ControllerContext): Controller {
  const jobs = infoOf(context, 'batch', 'jobs');
  const pods = infoOf(context, '', 'pods');
  return {
    name: 'job',
    keysOf(event) {
      if (isKind(event, 'batch', 'jobs')) return [keyOf(event.object)];
      const owner = isKind(event, '', 'pods') ? controllerKey(event.object, 'Job') : undefined;
      return owner === undefined ? [] : [owner];
    },
    reconcile(key) {
      const { namespace, name } = splitKey(key);
      const job = context.store.get(jobs, namespace, name);
      if (job === undefined || job.metadata.deletionTimestamp !== undefined) return;
      const suspended = at(job, 'spec', 'suspend') === true;
      const owned = (): readonly KubeObject[] => context.owners.objectsOf(job.metadata.uid ?? '', 'pods');
      const completions = numberAt(job, 'spec', 'completions') ?? numberAt(job, 'spec', 'parallelism') ?? 1;
      const finished = isFinished(job);
      if (!finished && !suspended) {
        const missing = Math.min(numberAt(job, 'spec', 'parallelism') ?? 1, completions - owned().filter((pod) => phaseOf(pod) === 'Succeeded').length) - owned().filter(isActive).length;
        for (let index = 0; index < missing; index += 1) context.store.write.create(pods, podOf(job));
      }
      const succeeded = owned().filter((pod) => phaseOf(pod) === 'Succeeded').length;
      if (!finished) writeStatus(context, jobs, job, statusOf(job, { succeeded, completions, active: owned().filter(isActive).length, suspended }));
    },
  };

  function podOf(job: KubeObject): KubeObject {
    const labels = { 'batch.kubernetes.io/controller-uid': job.metadata.uid ?? '', 'batch.kubernetes.io/job-name': job.metadata.name ?? '', 'controller-uid': job.metadata.uid ?? '', 'job-name': job.metadata.name ?? '' };
    return podFromTemplate(mapAt(thaw(job), 'spec', 'template'), { namespace: job.metadata.namespace ?? '', generateName: `${job.metadata.name ?? ''}-`, owner: controlledBy(job), labels });
  }

  function statusOf(job: KubeObject, count: { succeeded: number; completions: number; active: number; suspended: boolean }): Record<string, unknown> {
    const now = nowText(context);
    const done = count.succeeded >= count.completions;
    const reached: Condition[] = done
      ? [
          { type: 'SuccessCriteriaMet', status: 'True', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' },
          { type: 'Complete', status: 'True', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' },
        ]
      : count.suspended
        ? [{ type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' }]
        : [];
    const conditions = mergeConditions(listAt(job, 'status', 'conditions'), reached, now);
    return {
      ...(count.suspended ? {} : { startTime: textAt(job, 'status', 'startTime') ?? now }),
      ...(done ? { completionTime: now } : {}),
      ...(count.active === 0 ? {} : { active: count.active }),
      ...(count.succeeded === 0 ? {} : { succeeded: count.succeeded }),
      terminating: 0,
      ready: 0,
      uncountedTerminatedPods: {},
      ...(conditions.length === 0 ? {} : { conditions }),
    };
  }
}

const phaseOf = (pod: KubeObject): string | undefined => textAt(pod, 'status', 'phase');
const isFinished = (job: KubeObject): boolean => listAt(job, 'status', 'conditions').some((condition) => condition['status'] === 'True' && (condition['type'] === 'Complete' || condition['type'] === 'Failed'));
