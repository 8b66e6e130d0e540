import { isDeepStrictEqual } from 'node:util';
import { kubeObjectOf } from '@meshfleet/model';
import { checkBinding, checkRole } from '../auth/escalation.ts';
import { isRecord, listAt, textAt, textsAt } from '../kinds/field.ts';
import type { FieldErrors } from './field-errors.ts';
import type { KindRules } from './kind-rules.ts';
import { childIf, items, setDefault } from './mutable.ts';

const GROUP = 'rbac.authorization.k8s.io';

function roleRules(namespaced: boolean): KindRules {
  return {
    prepare: (object, old, context) => {
      checkRole(kubeObjectOf(object), old, context);
    },
    validate(object, errors) {
      listAt(object, 'rules').forEach((rule, index) => {
        const path = `rules[${index}]`;
        const urls = textsAt(rule, 'nonResourceURLs');
        if (textsAt(rule, 'verbs').length === 0) errors.required(`${path}.verbs`, 'verbs must contain at least one value');
        if (urls.length > 0) {
          if (namespaced) errors.invalid(`${path}.nonResourceURLs`, urls, 'namespaced rules cannot apply to non-resource URLs');
          if (['apiGroups', 'resources', 'resourceNames'].some((field) => textsAt(rule, field).length > 0)) errors.invalid(`${path}.nonResourceURLs`, urls, 'rules cannot apply to both regular resources and non-resource URLs');
          return;
        }
        if (textsAt(rule, 'apiGroups').length === 0) errors.required(`${path}.apiGroups`, 'resource rules must supply at least one api group');
        if (textsAt(rule, 'resources').length === 0) errors.required(`${path}.resources`, 'resource rules must supply at least one resource');
      });
    },
  };
}

export const clusterRoleRules = roleRules(false);
export const namespacedRoleRules = roleRules(true);

export const bindingRules: KindRules = {
  defaults(object) {
    for (const subject of items(object, 'subjects')) if (subject['kind'] !== 'ServiceAccount') setDefault(subject, 'apiGroup', GROUP);
    const reference = childIf(object, 'roleRef');
    if (reference) setDefault(reference, 'apiGroup', GROUP);
  },
  prepare: (object, old, context) => checkBinding(kubeObjectOf(object), old, context),
  validate(object, errors) {
    const namespaced = object.kind === 'RoleBinding';
    if (textAt(object, 'roleRef', 'apiGroup') !== GROUP) errors.supported('roleRef.apiGroup', textAt(object, 'roleRef', 'apiGroup'), [GROUP]);
    errors.supported('roleRef.kind', textAt(object, 'roleRef', 'kind'), namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']);
    if ((textAt(object, 'roleRef', 'name') ?? '') === '') errors.required('roleRef.name');
    listAt(object, 'subjects').forEach((subject, index) => validateSubject(subject, `subjects[${index}]`, errors));
  },
  validateUpdate(object, old, errors) {
    if (!isDeepStrictEqual(object['roleRef'], old['roleRef'])) errors.invalid('roleRef', object['roleRef'], 'cannot change roleRef');
  },
};

function validateSubject(subject: unknown, path: string, errors: FieldErrors): void {
  if (!isRecord(subject)) return;
  const kind = textAt(subject, 'kind');
  if ((textAt(subject, 'name') ?? '') === '') errors.required(`${path}.name`);
  errors.supported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group']);
  if (kind === 'ServiceAccount') {
    if ((textAt(subject, 'apiGroup') ?? '') !== '') errors.supported(`${path}.apiGroup`, textAt(subject, 'apiGroup'), ['']);
    if ((textAt(subject, 'namespace') ?? '') === '') errors.required(`${path}.namespace`);
  } else if (textAt(subject, 'apiGroup') !== GROUP) errors.supported(`${path}.apiGroup`, textAt(subject, 'apiGroup'), [GROUP]);
}
