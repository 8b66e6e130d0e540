// Names of services as Istio reads them: a name without a dot is a service of the object's own namespace, everything else stands as it is.

export function fullHost(host: string, namespace: string, clusterDomain: string): string {
  return host.includes('.') || host === '*' ? host.toLowerCase() : `${host}.${namespace}.svc.${clusterDomain}`.toLowerCase();
}

export function serviceHost(name: string, namespace: string, clusterDomain: string): string {
  return `${name}.${namespace}.svc.${clusterDomain}`;
}

/** The host and every wildcard that covers it, most exact first: `a.b.c`, `*.b.c`, `*.c`, `*`. */
export function* coveringHosts(host: string): Generator<string> {
  yield host;
  let rest = host.startsWith('*.') ? host.slice(2) : host;
  for (let dot = rest.indexOf('.'); dot !== -1; dot = rest.indexOf('.')) {
    rest = rest.slice(dot + 1);
    yield `*.${rest}`;
  }
  if (host !== '*') yield '*';
}

/** Whether something exported to these namespaces can be seen in `namespace`, or in all when that is `*`; nothing said means everywhere. */
export function isVisibleIn(exportTo: readonly string[], owner: string, namespace: string): boolean {
  if (exportTo.length === 0) return true;
  return exportTo.some((scope) => scope === '*' || scope === namespace || (scope === '.' && owner === namespace));
}
