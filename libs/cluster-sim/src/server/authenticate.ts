import type { IncomingMessage } from 'node:http';
import type { Auth, UserInfo } from '../seam.ts';
import { forbidden, forbiddenPath, unauthorized } from './status-error.ts';
import type { RequestInfo } from './request-info.ts';
import { selectedName } from './field-selector.ts';

const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Who asks. A token that proves nothing is 401; no token at all is system:anonymous. Impersonation needs the right to. */
export async function authenticate(auth: Auth, request: IncomingMessage): Promise<UserInfo> {
  const header = request.headers.authorization;
  if (header === undefined) return impersonated(auth, request, ANONYMOUS);
  const bearer = /^Bearer\s+(\S+)$/i.exec(header)?.[1];
  const user = await auth.authenticator.authenticate(bearer);
  if (user === undefined) throw unauthorized();
  return impersonated(auth, request, user);
}

/** 403 unless the user may do it. */
export function authorize(auth: Auth, user: UserInfo, info: RequestInfo, query: URLSearchParams): void {
  if (info.kind === 'path') {
    const { allowed, reason } = auth.authorizer.authorize(user, { verb: info.verb, nonResourcePath: info.path });
    if (!allowed) throw forbiddenPath(withReason(`User ${JSON.stringify(user.name)} cannot ${info.verb} path ${JSON.stringify(info.path)}`, reason));
    return;
  }
  // A list of one name is authorised for that name, so that resourceNames rules allow watching a single object.
  const name = info.name ?? (['list', 'watch', 'deletecollection'].includes(info.verb) ? selectedName(query.get('fieldSelector') ?? undefined) : undefined);
  const { allowed, reason } = auth.authorizer.authorize(user, {
    verb: info.verb,
    group: info.group,
    version: info.version,
    resource: info.resource,
    ...(info.subresource === undefined ? {} : { subresource: info.subresource }),
    ...(info.namespace === undefined ? {} : { namespace: info.namespace }),
    ...(name === undefined ? {} : { name }),
  });
  if (allowed) return;
  const resource = info.subresource === undefined ? info.resource : `${info.resource}/${info.subresource}`;
  const where = info.namespace === undefined ? 'at the cluster scope' : `in the namespace ${JSON.stringify(info.namespace)}`;
  throw forbidden(
    { group: info.group, plural: info.resource },
    info.name ?? '',
    withReason(`User ${JSON.stringify(user.name)} cannot ${info.verb} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(info.group)} ${where}`, reason),
  );
}

function impersonated(auth: Auth, request: IncomingMessage, user: UserInfo): UserInfo {
  const name = first(request.headers['impersonate-user']);
  if (name === undefined) return user;
  const groups = all(request.headers['impersonate-group']);
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  const resource = account === null ? 'users' : 'serviceaccounts';
  const target = account?.[2] ?? name;
  mayImpersonate(auth, user, resource, target, account?.[1]);
  for (const group of groups) mayImpersonate(auth, user, 'groups', group, undefined);
  const own = account === null ? [] : ['system:serviceaccounts', `system:serviceaccounts:${account[1] ?? ''}`];
  return { name, groups: [...new Set([...own, ...groups, ...(name === ANONYMOUS.name ? ANONYMOUS.groups : ['system:authenticated'])])] };
}

function mayImpersonate(auth: Auth, user: UserInfo, resource: string, name: string, namespace: string | undefined): void {
  const scope = namespace === undefined ? {} : { namespace };
  const { allowed, reason } = auth.authorizer.authorize(user, { verb: 'impersonate', group: '', version: 'v1', resource, name, ...scope });
  if (allowed) return;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  throw forbidden(
    { group: '', plural: resource },
    name,
    withReason(`User ${JSON.stringify(user.name)} cannot impersonate resource ${JSON.stringify(resource)} in API group "" ${where}`, reason),
  );
}

function withReason(text: string, reason: string): string {
  return reason === '' ? text : `${text}: ${reason}`;
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** Node joins repeated headers by commas. */
function all(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  return (Array.isArray(header) ? header : header.split(',')).map((value) => value.trim()).filter((value) => value !== '');
}
