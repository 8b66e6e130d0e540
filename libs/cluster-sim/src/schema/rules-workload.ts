import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '@meshfleet/model';
import { at, isRecord, listAt, mapAt, textAt } from '../kinds/field.ts';
import { labelsMatch } from '../kinds/label-selector.ts';
import type { FieldErrors } from './field-errors.ts';
import type { KindRules, RuleContext } from './kind-rules.ts';
import type { Mutable } from './mutable.ts';
import { child, childIf, items, setDefault } from './mutable.ts';
import { validateAnnotations, validateLabels } from './object-meta.ts';
import { defaultPodSpec } from './pod-spec-defaults.ts';
import { validatePodSpec } from './validate-pod-spec.ts';

/** The template's spec with its defaults, for every kind that makes pods. */
export function defaultTemplate(spec: Mutable): void {
  const template = child(spec, 'template');
  setDefault(template, 'metadata', {});
  defaultPodSpec(child(template, 'spec'));
}

function validateSelectorAndTemplate(object: KubeObject, errors: FieldErrors, restartPolicies: readonly string[], { admission }: RuleContext): void {
  const selector = at(object, 'spec', 'selector');
  const labels = mapAt(object, 'spec', 'template', 'metadata', 'labels') as Record<string, string>;
  const none = Object.keys(labels).length === 0 && admission.saidEmpty?.has('spec.template.metadata.labels') !== true;
  const printed = none ? null : labels;
  if (!isRecord(selector)) {
    errors.required('spec.selector');
    errors.invalid('spec.template.metadata.labels', printed, '`selector` does not match template `labels`');
  }
  else if (Object.keys(mapAt(selector, 'matchLabels')).length === 0 && listAt(selector, 'matchExpressions').length === 0) errors.invalid('spec.selector', selector, `empty selector is invalid for ${object.kind.toLowerCase()}`);
  else if (!labelsMatch(selector, labels)) errors.invalid('spec.template.metadata.labels', printed, '`selector` does not match template `labels`');
  validateTemplate(object, errors, restartPolicies);
}

/** A pod template's metadata and spec; a kind may allow fewer restart policies than pods do. */
export function validateTemplate(object: KubeObject, errors: FieldErrors, restartPolicies: readonly string[] | undefined, path = 'spec.template', template = mapAt(object, 'spec', 'template')): void {
  // Label and annotation maps were decoded as maps of text.
  validateLabels(mapAt(template, 'metadata', 'labels') as Record<string, string>, `${path}.labels`, errors);
  validateAnnotations(mapAt(template, 'metadata', 'annotations') as Record<string, string>, `${path}.annotations`, errors);
  validatePodSpec(template['spec'], `${path}.spec`, errors);
  const policy = textAt(template, 'spec', 'restartPolicy') ?? '';
  if (restartPolicies?.includes(policy) === false) errors.notSupported(`${path}.spec.restartPolicy`, policy, restartPolicies);
}

function validateSelectorUnchanged(object: KubeObject, old: KubeObject, errors: FieldErrors): void {
  if (!isDeepStrictEqual(at(object, 'spec', 'selector'), at(old, 'spec', 'selector'))) errors.immutable('spec.selector', at(object, 'spec', 'selector') ?? null);
}

export const deploymentRules: KindRules = {
  defaults(object) {
    const spec = child(object, 'spec');
    setDefault(spec, 'replicas', 1);
    setDefault(spec, 'revisionHistoryLimit', 10);
    setDefault(spec, 'progressDeadlineSeconds', 600);
    const strategy = child(spec, 'strategy');
    setDefault(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate') {
      const rolling = child(strategy, 'rollingUpdate');
      setDefault(rolling, 'maxUnavailable', '25%');
      setDefault(rolling, 'maxSurge', '25%');
    }
    defaultTemplate(spec);
    setDefault(object, 'status', {});
  },
  validate(object, errors, context) {
    errors.nonNegative('spec.replicas', at(object, 'spec', 'replicas'));
    validateSelectorAndTemplate(object, errors, ['Always'], context);
    errors.supported('spec.strategy.type', at(object, 'spec', 'strategy', 'type'), ['Recreate', 'RollingUpdate']);
    if (at(object, 'spec', 'strategy', 'type') === 'Recreate' && at(object, 'spec', 'strategy', 'rollingUpdate') !== undefined)
      errors.forbidden('spec.strategy.rollingUpdate', 'may not be specified when strategy `type` is \'Recreate\'');
    errors.nonNegative('spec.revisionHistoryLimit', at(object, 'spec', 'revisionHistoryLimit'));
    errors.nonNegative('spec.minReadySeconds', at(object, 'spec', 'minReadySeconds'));
  },
  validateUpdate: validateSelectorUnchanged,
};

export const replicaSetRules: KindRules = {
  defaults(object) {
    const spec = child(object, 'spec');
    setDefault(spec, 'replicas', 1);
    defaultTemplate(spec);
    const labels = childIf(childIf(childIf(spec, 'template'), 'metadata'), 'labels');
    if (labels !== undefined && Object.keys(labels).length > 0) setDefault(child(object, 'metadata'), 'labels', { ...labels });
    setDefault(object, 'status', { replicas: 0 });
  },
  validate(object, errors, context) {
    errors.nonNegative('spec.replicas', at(object, 'spec', 'replicas'));
    validateSelectorAndTemplate(object, errors, ['Always'], context);
  },
  validateUpdate: validateSelectorUnchanged,
};

export const statefulSetRules: KindRules = {
  defaults(object) {
    const spec = child(object, 'spec');
    setDefault(spec, 'replicas', 1);
    setDefault(spec, 'revisionHistoryLimit', 10);
    setDefault(spec, 'podManagementPolicy', 'OrderedReady');
    const strategy = child(spec, 'updateStrategy');
    setDefault(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate') setDefault(child(strategy, 'rollingUpdate'), 'partition', 0);
    const retention = child(spec, 'persistentVolumeClaimRetentionPolicy');
    setDefault(retention, 'whenDeleted', 'Retain');
    setDefault(retention, 'whenScaled', 'Retain');
    for (const claim of items(spec, 'volumeClaimTemplates')) {
      setDefault(claim, 'apiVersion', 'v1');
      setDefault(claim, 'kind', 'PersistentVolumeClaim');
      setDefault(child(claim, 'spec'), 'volumeMode', 'Filesystem');
      setDefault(claim, 'status', { phase: 'Pending' });
    }
    defaultTemplate(spec);
    setDefault(object, 'status', { replicas: 0, availableReplicas: 0 });
  },
  validate(object, errors, context) {
    errors.nonNegative('spec.replicas', at(object, 'spec', 'replicas'));
    validateSelectorAndTemplate(object, errors, ['Always'], context);
    errors.supported('spec.podManagementPolicy', at(object, 'spec', 'podManagementPolicy'), ['OrderedReady', 'Parallel']);
    errors.supported('spec.updateStrategy.type', at(object, 'spec', 'updateStrategy', 'type'), ['OnDelete', 'RollingUpdate']);
  },
  validateUpdate(object, old, errors) {
    const mutable = new Set(['replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy', 'minReadySeconds']);
    const fixed = (source: KubeObject): unknown => Object.fromEntries(Object.entries(mapAt(source, 'spec')).filter(([key]) => !mutable.has(key)));
    if (!isDeepStrictEqual(fixed(object), fixed(old)))
      errors.forbidden('spec', "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
  },
};

export const daemonSetRules: KindRules = {
  defaults(object) {
    const spec = child(object, 'spec');
    setDefault(spec, 'revisionHistoryLimit', 10);
    const strategy = child(spec, 'updateStrategy');
    setDefault(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate') {
      const rolling = child(strategy, 'rollingUpdate');
      setDefault(rolling, 'maxUnavailable', 1);
      setDefault(rolling, 'maxSurge', 0);
    }
    defaultTemplate(spec);
    setDefault(object, 'status', { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 });
  },
  validate(object, errors, context) {
    validateSelectorAndTemplate(object, errors, ['Always'], context);
    errors.supported('spec.updateStrategy.type', at(object, 'spec', 'updateStrategy', 'type'), ['OnDelete', 'RollingUpdate']);
  },
  validateUpdate: validateSelectorUnchanged,
};

export const podTemplateRules: KindRules = {
  defaults: (object) => defaultTemplate(object),
  validate: (object, errors) => validateTemplate(object, errors, undefined, 'template', mapAt(object, 'template')),
};
