import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Fleet } from './fleet.ts';
import { ORGANIZATION } from './seed.ts';
import { STRICT_MTLS } from './tour/manifests.ts';

/** Requests to send with curl: files, because JSON within YAML within a shell's quotes is no fun to read. */
const REQUESTS = {
  'apply.json': {
    query: `mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { policy { name currentVersion { version } } warnings { message } userErrors { message document line fix } } }`,
    variables: { input: { name: 'strict-mtls', placement: { clusterSelector: 'env=prod' }, manifests: STRICT_MTLS } },
  },
  'status.json': {
    query: `{ policy(name: "strict-mtls") { summary { settled pending applied failed drifted } clusters(first: 10) { nodes { status cluster { name } conditions { key status message manager fields } } } } }`,
  },
  'withdraw.json': { query: `mutation { policyDelete(input: { name: "strict-mtls" }) { userErrors { message } } }` },
};

/** What a person sees when everything runs: where to look, how to sign in, and three things to try. */
export function welcome(fleet: Fleet, token: string, cwd: string): string {
  const folder = join(fleet.dir.path, 'try');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'headers'), `authorization: Bearer ${token}\ncontent-type: application/json\n`, { mode: 0o600 });
  for (const [name, request] of Object.entries(REQUESTS)) writeFileSync(join(folder, name), `${JSON.stringify(request, null, 2)}\n`);

  const short = (path: string): string => (relative(cwd, path).startsWith('..') ? path : relative(cwd, path));
  const send = (name: keyof typeof REQUESTS): string =>
    `curl -s ${fleet.url}/graphql -H @${short(join(folder, 'headers'))} -d @${short(join(folder, name))}`;
  const [first] = fleet.clusters;
  const kubeconfig = first === undefined ? '' : short(first.kubeconfigFile);
  return `
Meshfleet is running with ${fleet.clusters.length} ${fleet.kind} clusters: ${fleet.clusters.map(({ name }) => name).join(', ')}.

  API      ${fleet.url}/graphql     organization "${ORGANIZATION}", you are Ada, its owner
  Logs     ${short(fleet.dir.logs)}
  Sign in  ${fleet.url}/signin?token=${token}
           opens the explorer in your browser

Three things to try, in another terminal:

1. Ask for strict mutual TLS in every production cluster, and see it applied:

   ${send('apply.json')}
   ${send('status.json')}

2. Tamper with it, see it put right, and see who did it:

   export KUBECONFIG=${kubeconfig}
   kubectl -n shop patch peerauthentication default --type merge -p '{"spec":{"mtls":{"mode":"PERMISSIVE"}}}'
   kubectl -n shop get peerauthentication default
   ${send('status.json')}

3. Withdraw it: the object goes, what is yours stays:

   ${send('withdraw.json')}
   kubectl -n shop get peerauthentications

Ctrl-C stops everything; the next start goes on where this one ended.
`;
}
