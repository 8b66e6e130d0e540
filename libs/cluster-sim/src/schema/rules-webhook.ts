import { dns1123Subdomain } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import { at, listAt, textAt, textsAt } from '../kinds/field.ts';
import type { FieldErrors } from './field-errors.ts';
import type { KindRules } from './kind-rules.ts';
import type { Mutable } from './mutable.ts';
import { child, childIf, items, setDefault } from './mutable.ts';

function defaultWebhook(webhook: Mutable): void {
  setDefault(webhook, 'failurePolicy', 'Fail');
  setDefault(webhook, 'matchPolicy', 'Equivalent');
  setDefault(webhook, 'namespaceSelector', {});
  setDefault(webhook, 'objectSelector', {});
  setDefault(webhook, 'timeoutSeconds', 10);
  for (const rule of items(webhook, 'rules')) setDefault(rule, 'scope', '*');
  const service = childIf(child(webhook, 'clientConfig'), 'service');
  if (service) setDefault(service, 'port', 443);
}

function validateWebhooks(object: KubeObject, errors: FieldErrors): void {
  const names = new Set<string>();
  listAt(object, 'webhooks').forEach((webhook, index) => {
    const path = `webhooks[${index}]`;
    const name = textAt(webhook, 'name') ?? '';
    const problems = name === '' ? [] : dns1123Subdomain(name);
    if (name === '') errors.required(`${path}.name`);
    else if (problems.length > 0) errors.problems(`${path}.name`, name, problems);
    else if (name.split('.').length < 3) errors.invalid(`${path}.name`, name, 'should be a domain with at least three segments separated by dots');
    if (names.has(name)) errors.duplicate(`${path}.name`, name);
    names.add(name);
    if (textsAt(webhook, 'admissionReviewVersions').length === 0) errors.required(`${path}.admissionReviewVersions`, 'must specify one of v1, v1beta1');
    textsAt(webhook, 'admissionReviewVersions').forEach((version, at, all) => {
      if (all.indexOf(version) !== at) errors.invalid(`${path}.admissionReviewVersions[${at}]`, version, 'duplicate version');
    });
    const effects = webhook['sideEffects'];
    if (effects === undefined || effects === null) errors.required(`${path}.sideEffects`, 'must specify one of None, NoneOnDryRun');
    else errors.supported(`${path}.sideEffects`, effects, ['None', 'NoneOnDryRun']);
    listAt(webhook, 'rules').forEach((rule, at) => {
      for (const field of ['operations', 'apiGroups', 'apiVersions', 'resources']) if (textsAt(rule, field).length === 0) errors.required(`${path}.rules[${at}].${field}`);
    });
    errors.supported(`${path}.failurePolicy`, webhook['failurePolicy'], ['Fail', 'Ignore']);
    const seconds = at(webhook, 'timeoutSeconds');
    if (typeof seconds === 'number' && (seconds < 1 || seconds > 30)) errors.invalid(`${path}.timeoutSeconds`, seconds, `the timeout value must be between 1 and 30 seconds`);
    const url = at(webhook, 'clientConfig', 'url');
    const service = at(webhook, 'clientConfig', 'service');
    // kube-apiserver hands the two over in the wrong order (ValidateWebhookService), so each is missed under the other's name.
    if (service !== undefined) {
      for (const [field, told] of [['namespace', 'name'], ['name', 'namespace']] as const) if ((textAt(service, field) ?? '') === '') errors.required(`${path}.clientConfig.service.${told}`);
    }
    if ((url === undefined) === (service === undefined)) errors.required(`${path}.clientConfig`, 'exactly one of url or service is required');
  });
}

export const validatingWebhookRules: KindRules = {
  defaults: (object) => items(object, 'webhooks').forEach(defaultWebhook),
  validate: validateWebhooks,
};

export const mutatingWebhookRules: KindRules = {
  defaults(object) {
    for (const webhook of items(object, 'webhooks')) {
      defaultWebhook(webhook);
      setDefault(webhook, 'reinvocationPolicy', 'Never');
    }
  },
  validate: validateWebhooks,
};
