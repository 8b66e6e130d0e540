import { stringify } from 'yaml';

/** A kubeconfig with one cluster, one user and one context, all named alike. */
export function kubeconfigFor(cluster: { name: string; url: string; caPem: string }, user: { token: string; name: string }): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: cluster.name,
        cluster: { server: cluster.url, 'certificate-authority-data': Buffer.from(cluster.caPem).toString('base64') },
      },
    ],
    users: [{ name: user.name, user: { token: user.token } }],
    contexts: [{ name: cluster.name, context: { cluster: cluster.name, user: user.name } }],
    'current-context': cluster.name,
  });
}
