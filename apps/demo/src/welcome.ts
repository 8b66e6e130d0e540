import { relative } from 'node:path';
import type { Fleet } from './fleet.ts';
import { ORGANIZATION } from './seed.ts';

/** What a person sees when everything runs: where to look, how to sign in, and three things to try. */
export function welcome(fleet: Fleet, token: string, cwd: string): string {
  const [first] = fleet.clusters;
  const kubeconfig = first === undefined ? '' : relative(cwd, first.kubeconfigFile) || first.kubeconfigFile;
  return `
Meshfleet is running with ${fleet.clusters.length} simulated clusters: ${fleet.clusters.map(({ name }) => name).join(', ')}.

  API         ${fleet.url}/graphql
  Sign in     ${fleet.url}/signin?token=${token}
              (opens the explorer in your browser, signed in as Ada, owner of the organization "${ORGANIZATION}")

Three things to try, in another terminal:

1. Ask for strict mutual TLS in every production cluster, and see it applied:

   export TOKEN=${token}
   curl -s ${fleet.url}/graphql -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{"query":
     "mutation { policyApply(input: { name: \\"strict-mtls\\", placement: { clusterSelector: \\"env=prod\\" }, manifests: \\"apiVersion: security.istio.io/v1\\\\nkind: PeerAuthentication\\\\nmetadata: {name: default, namespace: shop}\\\\nspec: {mtls: {mode: STRICT}}\\" }) { policy { name } userErrors { message line } } }"}'
   curl -s ${fleet.url}/graphql -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{"query":
     "{ policy(name: \\"strict-mtls\\") { summary { pending applied failed drifted } clusters(first: 10) { nodes { cluster { name } status } } } }"}'

2. Tamper with it, and see it put right:

   export KUBECONFIG=${kubeconfig}
   kubectl -n shop patch peerauthentication default --type merge -p '{"spec":{"mtls":{"mode":"PERMISSIVE"}}}'
   kubectl -n shop get peerauthentication default -o yaml

3. Withdraw it: the object goes, what is yours stays:

   curl -s ${fleet.url}/graphql -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{"query":
     "mutation { policyDelete(input: { name: \\"strict-mtls\\" }) { userErrors { message } } }"}'
   kubectl get peerauthentications -A

Ctrl-C stops everything; the next start goes on where this one ended.
`;
}
