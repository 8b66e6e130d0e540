/** A URL as Go's net/url sees it. CEL's `url()` and `isURL()` follow `url.ParseRequestURI`, not the WHATWG algorithm. */
export interface GoUrl {
  readonly scheme: string;
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
  readonly escapedPath: string;
  readonly query: ReadonlyMap<string, readonly string[]>;
}

/** Absolute URIs and absolute paths alone; undefined for everything else. */
export function parseRequestUri(text: string): GoUrl | undefined {
  if (text === '' || /[\x00-\x1f\x7f]/.test(text)) return undefined;
  if (text === '*') return build('', '', '*', '');
  const schemeMatch = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text);
  // A colon before any slash that no scheme precedes: "missing protocol scheme", or a first path segment with a colon.
  if (schemeMatch === null && !text.startsWith('/')) return undefined;
  const scheme = (schemeMatch?.[1] ?? '').toLowerCase();
  let rest = schemeMatch === null ? text : text.slice(schemeMatch[0].length);
  const mark = rest.indexOf('?');
  const query = mark === -1 ? '' : rest.slice(mark + 1);
  rest = mark === -1 ? rest : rest.slice(0, mark);
  if (!rest.startsWith('/')) return scheme === '' ? undefined : build(scheme, '', '', query);
  let authority = '';
  if (rest.startsWith('//') && (scheme !== '' || !rest.startsWith('///'))) {
    const slash = rest.indexOf('/', 2);
    authority = rest.slice(2, slash === -1 ? undefined : slash);
    rest = slash === -1 ? '' : rest.slice(slash);
  }
  const at = authority.lastIndexOf('@');
  const userinfo = at === -1 ? '' : authority.slice(0, at);
  const host = authority.slice(at + 1);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(userinfo) || !validHost(host) || !validEscapes(rest)) return undefined;
  return build(scheme, host, rest, query);
}

function validHost(host: string): boolean {
  if (host.startsWith('[')) return /^\[[0-9A-Fa-f:.]+(?:%25[^\]]*)?\](?::\d*)?$/.test(host);
  if (!/^(?:[^:]*)(?::\d*)?$/.test(host)) return false;
  return /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:<>"]|[^\x00-\x7f]|%[89A-Fa-f][0-9A-Fa-f])*$/.test(host);
}

function validEscapes(path: string): boolean {
  return !/%(?![0-9A-Fa-f]{2})/.test(path);
}

function build(scheme: string, host: string, path: string, rawQuery: string): GoUrl {
  const bracket = host.lastIndexOf(']');
  const colon = host.lastIndexOf(':');
  const hasPort = colon > bracket;
  const bare = hasPort ? host.slice(0, colon) : host;
  const query = new Map<string, string[]>();
  for (const [key, value] of new URLSearchParams(rawQuery)) query.set(key, [...(query.get(key) ?? []), value]);
  return {
    scheme,
    host,
    hostname: bare.replace(/^\[(.*)\]$/, '$1'),
    port: hasPort ? host.slice(colon + 1) : '',
    escapedPath: path.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/%[\]]/gu, (c) => encodeURIComponent(c)),
    query,
  };
}
