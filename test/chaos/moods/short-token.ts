import type { OpenCluster } from '@meshfleet/cluster-real';
import type { KubeClient, Resource } from '@meshfleet/kube';
import { createPublicKey, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importPKCS8, SignJWT } from 'jose';

const SERVICE_ACCOUNTS: Resource = { group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true };
/** kube-apiserver takes a token for this long after its end, for clocks that differ. */
const LEEWAY_SECONDS = 60;
const ISSUER = 'https://kubernetes.default.svc.cluster.local';

/** A token of the agent that is good for seconds: TokenRequest gives none under ten minutes, so it is signed with the cluster's own key. */
export async function shortToken(cluster: OpenCluster, admin: KubeClient, seconds: number): Promise<string> {
  const account = { namespace: 'meshfleet-system', name: 'meshfleet-agent' };
  if (cluster.real === undefined) return cluster.createToken(account, { expirationSeconds: seconds });
  const { metadata } = await admin.get(SERVICE_ACCOUNTS, account.namespace, account.name);
  const pem = readFileSync(join(cluster.real.folder, 'service-account.key'), 'utf8');
  const end = Math.floor(Date.now() / 1000) + seconds - LEEWAY_SECONDS;
  return new SignJWT({ 'kubernetes.io': { namespace: account.namespace, serviceaccount: { name: account.name, uid: metadata.uid } } })
    .setProtectedHeader({ alg: 'RS256', kid: keyId(pem) })
    .setIssuer(ISSUER)
    .setAudience(ISSUER)
    .setSubject(`system:serviceaccount:${account.namespace}:${account.name}`)
    .setIssuedAt(end - 600)
    .setNotBefore(end - 600)
    .setExpirationTime(end)
    .sign(await importPKCS8(pem, 'RS256'));
}

/** As kube-apiserver names its keys: the SHA-256 of the public key's DER. */
function keyId(privatePem: string): string {
  const der = createPublicKey(privatePem).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('base64url');
}
