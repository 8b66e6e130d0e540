/** A request's place in the API, read off its path and method before anything else is known. */
export type RequestInfo = ResourceRequest | PathRequest;

export interface ResourceRequest {
  readonly kind: 'resource';
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly namespace?: string;
  readonly resource: string;
  readonly name?: string;
  readonly subresource?: string;
  /** What follows the subresource, as in `pods/web/proxy/…`. */
  readonly rest: readonly string[];
}

export interface PathRequest {
  readonly kind: 'path';
  readonly verb: string;
  readonly path: string;
}

const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

/** Splits a request as k8s.io/apiserver's RequestInfoFactory does. Undefined where a name is not decodable. */
export function readRequestInfo(method: string, path: string, query: URLSearchParams): RequestInfo | undefined {
  const asPath: PathRequest = { kind: 'path', verb: method.toLowerCase(), path };
  const parts = decodeParts(path);
  if (parts === undefined) return undefined;
  const isCore = parts[0] === 'api';
  if ((!isCore && parts[0] !== 'apis') || parts.length < (isCore ? 3 : 4)) return asPath;
  const group = isCore ? '' : (parts[1] ?? '');
  const version = (isCore ? parts[1] : parts[2]) ?? '';
  let rest = parts.slice(isCore ? 2 : 3);
  let watching = false;
  if (rest[0] === 'watch' && rest.length > 1) {
    watching = true;
    rest = rest.slice(1);
  }
  let namespace: string | undefined;
  if (rest[0] === 'namespaces' && rest.length > 1) {
    namespace = rest[1];
    // /namespaces/x/status is about the namespace, /namespaces/x/pods about what is in it.
    if (rest.length > 2 && !NAMESPACE_SUBRESOURCES.has(rest[2] ?? '')) rest = rest.slice(2);
  }
  const [resource = '', name, subresource, ...more] = rest;
  return {
    kind: 'resource',
    verb: watching ? 'watch' : verbOf(method, name, query),
    group,
    version,
    ...(namespace === undefined ? {} : { namespace }),
    resource,
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
    rest: more,
  };
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (name !== undefined) return 'get';
      return isTrue(query.get('watch')) ? 'watch' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
    default:
      return '';
  }
}

/** Query booleans as Go's conversion reads them: present and not "false" or "0". */
export function isTrue(value: string | null | undefined): boolean {
  return value !== null && value !== undefined && value !== 'false' && value !== '0';
}

function decodeParts(path: string): string[] | undefined {
  try {
    return path.split('/').filter((part) => part !== '').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
