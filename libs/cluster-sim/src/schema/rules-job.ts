import { isDeepStrictEqual } from 'node:util';
import { at, mapAt } from '../kinds/field.ts';
import type { KindRules } from './kind-rules.ts';
import type { Mutable } from './mutable.ts';
import { child, setDefault } from './mutable.ts';
import { defaultTemplate, validateTemplate } from './rules-workload.ts';

function defaultJobSpec(spec: Mutable): void {
  if (spec['completions'] === undefined && spec['parallelism'] === undefined) spec['completions'] = 1;
  setDefault(spec, 'parallelism', 1);
  setDefault(spec, 'backoffLimit', 6);
  setDefault(spec, 'completionMode', 'NonIndexed');
  setDefault(spec, 'suspend', false);
  setDefault(spec, 'manualSelector', false);
  setDefault(spec, 'podReplacementPolicy', spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed');
  defaultTemplate(spec);
}

export const jobRules: KindRules = {
  defaults(object) {
    defaultJobSpec(child(object, 'spec'));
    setDefault(object, 'status', {});
  },
  prepare(object, old) {
    const spec = child(object, 'spec');
    if (old !== undefined || spec['manualSelector'] === true) return;
    const metadata = child(object, 'metadata');
    const uid = String(metadata['uid'] ?? '');
    const name = String(metadata['name'] ?? '');
    // The API server itself makes the selector of a Job, out of the Job's uid, and labels the pods to match.
    spec['selector'] = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
    Object.assign(child(child(child(spec, 'template'), 'metadata'), 'labels'), { 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': name, 'controller-uid': uid, 'job-name': name });
  },
  validate(object, errors) {
    for (const field of ['parallelism', 'completions', 'backoffLimit', 'activeDeadlineSeconds', 'ttlSecondsAfterFinished']) errors.nonNegative(`spec.${field}`, at(object, 'spec', field));
    validateTemplate(object, errors, ['OnFailure', 'Never']);
  },
  validateUpdate(object, old, errors) {
    for (const field of ['selector', 'completionMode', 'template']) {
      if (!isDeepStrictEqual(at(object, 'spec', field), at(old, 'spec', field))) errors.immutable(`spec.${field}`, at(object, 'spec', field));
    }
  },
};

export const cronJobRules: KindRules = {
  defaults(object) {
    const spec = child(object, 'spec');
    setDefault(spec, 'concurrencyPolicy', 'Allow');
    setDefault(spec, 'suspend', false);
    setDefault(spec, 'successfulJobsHistoryLimit', 3);
    setDefault(spec, 'failedJobsHistoryLimit', 1);
    const template = child(spec, 'jobTemplate');
    setDefault(template, 'metadata', {});
    defaultJobTemplate(child(template, 'spec'));
    setDefault(object, 'status', {});
  },
  validate(object, errors) {
    const schedule = String(at(object, 'spec', 'schedule') ?? '');
    if (schedule === '') errors.required('spec.schedule');
    else if (!schedule.startsWith('@') && schedule.trim().split(/\s+/).length !== 5) errors.invalid('spec.schedule', schedule, `expected exactly 5 fields, found ${schedule.trim().split(/\s+/).length}: [${schedule.trim().split(/\s+/).join(' ')}]`);
    errors.supported('spec.concurrencyPolicy', at(object, 'spec', 'concurrencyPolicy'), ['Allow', 'Forbid', 'Replace']);
    validateTemplate(object, errors, ['OnFailure', 'Never'], 'spec.jobTemplate.spec.template', mapAt(object, 'spec', 'jobTemplate', 'spec', 'template'));
  },
};

/** Inside a CronJob the Job's own defaults wait until a Job is made; only the pod template gets its. */
function defaultJobTemplate(spec: Mutable): void {
  defaultTemplate(spec);
}
