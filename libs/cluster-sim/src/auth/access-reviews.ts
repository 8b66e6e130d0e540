import type { KubeObject } from '@meshfleet/model';
import { isRecord, mapAt, textAt, textsAt } from '../kinds/field.ts';
import type { AuthOptions, Authorizer, RequestAttributes, UserInfo, VirtualResource } from '../seam.ts';
import { badRequest, invalid } from '../server/status-error.ts';
import type { ClusterAuthenticator } from './authenticator.ts';
import { MASTERS } from './authorizer.ts';
import { rbacIndex } from './rbac-index.ts';
import { compactRules } from './rbac-rule.ts';

type Handlers = Readonly<Record<string, VirtualResource>>;

/** The create-only kinds of authorization.k8s.io and authentication.k8s.io, by kind. */
export function createAccessReviews(options: AuthOptions, authorizer: Authorizer, authenticator: ClusterAuthenticator): Handlers {
  const review = (body: KubeObject, user: UserInfo): KubeObject => ({ ...body, metadata: body.metadata ?? {}, status: decision(authorizer, user, attributesOf(body)) });
  return {
    SubjectAccessReview: { handle: (request) => Promise.resolve(review(request.body, subjectOf(request.body, 'SubjectAccessReview'))) },
    LocalSubjectAccessReview: {
      handle: (request) => {
        const asked = textAt(request.body, 'spec', 'resourceAttributes', 'namespace') ?? '';
        if (asked !== (request.namespace ?? '')) throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${request.namespace ?? ''}`);
        return Promise.resolve(review(request.body, subjectOf(request.body, 'LocalSubjectAccessReview')));
      },
    },
    SelfSubjectAccessReview: { handle: (request) => Promise.resolve(review(request.body, request.user)) },
    SelfSubjectRulesReview: {
      handle: (request) => {
        const namespace = textAt(request.body, 'spec', 'namespace') ?? '';
        if (namespace === '') throw badRequest('no namespace on request');
        return Promise.resolve({ ...request.body, status: rulesOf(options, request.user, namespace) });
      },
    },
    SelfSubjectReview: { handle: (request) => Promise.resolve({ ...request.body, status: { userInfo: userInfo(request.user) } }) },
    TokenReview: {
      async handle(request) {
        const token = textAt(request.body, 'spec', 'token') ?? '';
        if (token === '') throw badRequest('token is required for TokenReview in authentication');
        const found = await authenticator.review(token, textsAt(request.body, 'spec', 'audiences'));
        const status = found === undefined
          ? { user: {}, error: '[invalid bearer token, token lookup failed]' }
          : { authenticated: true, user: userInfo(found.user), audiences: found.audiences.length === 0 ? [options.issuer] : [...found.audiences] };
        return { ...request.body, status };
      },
    },
  };
}

function decision(authorizer: Authorizer, user: UserInfo, attributes: RequestAttributes): Record<string, unknown> {
  const { allowed, reason } = authorizer.authorize(user, attributes);
  return { allowed, ...(reason === '' ? {} : { reason }) };
}

function subjectOf(body: KubeObject, kind: string): UserInfo {
  const name = textAt(body, 'spec', 'user') ?? '';
  const groups = textsAt(body, 'spec', 'groups');
  if (name === '' && groups.length === 0)
    throw invalid({ group: 'authorization.k8s.io', kind }, '', [
      { reason: 'FieldValueInvalid', field: 'spec.user', message: 'Invalid value: "": at least one of user or group must be specified' },
    ]);
  return { name, groups };
}

function attributesOf(body: KubeObject): RequestAttributes {
  const spec = mapAt(body, 'spec');
  const resource = spec['resourceAttributes'];
  const path = spec['nonResourceAttributes'];
  if (isRecord(resource) === isRecord(path))
    throw invalid({ group: 'authorization.k8s.io', kind: body.kind }, '', [
      isRecord(resource)
        ? { reason: 'FieldValueInvalid', field: 'spec.nonResourceAttributes', message: 'Invalid value: "null": cannot be specified in combination with resourceAttributes' }
        : { reason: 'FieldValueInvalid', field: 'spec.resourceAttributes', message: 'Invalid value: "null": exactly one of nonResourceAttributes or resourceAttributes must be specified' },
    ]);
  if (isRecord(path)) return { verb: textAt(path, 'verb') ?? '', nonResourcePath: textAt(path, 'path') ?? '' };
  const read = (key: string): string => textAt(resource, key) ?? '';
  return { verb: read('verb'), group: read('group'), version: read('version'), resource: read('resource'), subresource: read('subresource'), namespace: read('namespace'), name: read('name') };
}

function rulesOf(options: AuthOptions, user: UserInfo, namespace: string): Record<string, unknown> {
  const all = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [], nonResourceURLs: [] };
  const url = { verbs: ['*'], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: ['*'] };
  const rules = user.groups.includes(MASTERS) ? [all, url] : compactRules(rbacIndex(options.registry, options.store).rulesFor(user, namespace).held.map(({ rule }) => rule));
  const names = (list: readonly string[]): Record<string, unknown> => (list.length === 0 ? {} : { resourceNames: list });
  return {
    resourceRules: rules.filter((rule) => rule.resources.length > 0).map((rule) => ({ verbs: rule.verbs, apiGroups: rule.apiGroups, resources: rule.resources, ...names(rule.resourceNames) })),
    nonResourceRules: rules.filter((rule) => rule.nonResourceURLs.length > 0).map((rule) => ({ verbs: rule.verbs, nonResourceURLs: rule.nonResourceURLs })),
    incomplete: false,
  };
}

function userInfo(user: UserInfo): Record<string, unknown> {
  return {
    username: user.name,
    ...(user.uid === undefined ? {} : { uid: user.uid }),
    groups: [...user.groups],
    ...(user.extra === undefined || Object.keys(user.extra).length === 0 ? {} : { extra: user.extra }),
  };
}
