import { stringify } from 'yaml';

/** What an API server's certificate says besides loopback: for who reaches it by another address. */
export const SERVER_NAME = 'kubernetes.default.svc';

/** A kubeconfig of one cluster and one bearer token; `serverName` for who reaches it by an address that its certificate does not say. */
export function kubeconfigFor(cluster: { name: string; url: string; caPem: string; serverName?: string }, user: { token: string; name: string }): string {
  const serverName = cluster.serverName === undefined ? {} : { 'tls-server-name': cluster.serverName };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: cluster.name, cluster: { server: cluster.url, ...serverName, 'certificate-authority-data': Buffer.from(cluster.caPem).toString('base64') } },
    ],
    users: [{ name: user.name, user: { token: user.token } }],
    contexts: [{ name: cluster.name, context: { cluster: cluster.name, user: user.name } }],
    'current-context': cluster.name,
  });
}

/** A kubeconfig for who runs beside a token that somebody else renews. Its user may read that file alone: no secret is in here. */
export function kubeconfigWithTokenFile(cluster: { name: string; url: string; caPem: string }, tokenFile: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: cluster.name,
        cluster: { server: cluster.url, 'tls-server-name': SERVER_NAME, 'certificate-authority-data': Buffer.from(cluster.caPem).toString('base64') },
      },
    ],
    users: [{ name: 'service-account', user: { tokenFile } }],
    contexts: [{ name: cluster.name, context: { cluster: cluster.name, user: 'service-account' } }],
    'current-context': cluster.name,
  });
}
