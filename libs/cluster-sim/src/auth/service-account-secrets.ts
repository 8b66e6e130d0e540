import type { KubeObject } from '@meshfleet/model';
import { mapAt, thaw } from '../kinds/field.ts';
import { builtin } from '../kinds/registry.ts';
import type { AuthOptions } from '../seam.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

const TYPE = 'kubernetes.io/service-account-token';
const NAME = 'kubernetes.io/service-account.name';
const UID = 'kubernetes.io/service-account.uid';

/**
 * Fills Secrets of type service-account-token with a token that does not expire, as the token controller does: `istioctl
 * create-remote-secret` still asks for one. The Secret goes when its service account does.
 */
export function keepServiceAccountSecrets(options: AuthOptions, tokens: ServiceAccountTokens): void {
  const { registry, store } = options;
  const secrets = builtin(registry, '', 'v1', 'secrets');
  const accounts = builtin(registry, '', 'v1', 'serviceaccounts');

  async function fill(secret: KubeObject): Promise<void> {
    const { namespace = '', name = '', annotations = {} } = secret.metadata;
    const accountName = annotations[NAME];
    const account = accountName === undefined ? undefined : store.get(accounts, namespace, accountName);
    if (account === undefined || accountName === undefined || mapAt(secret, 'data')['token'] !== undefined) return;
    const uid = account.metadata.uid ?? '';
    if (annotations[UID] !== undefined && annotations[UID] !== uid) return;
    const claims = { namespace, serviceAccount: { name: accountName, uid }, audiences: [options.issuer], bound: { kind: 'Secret' as const, name, uid: secret.metadata.uid ?? '' } };
    const token = await tokens.sign(claims, Math.floor(options.now().getTime() / 1000));
    const current = store.get(secrets, namespace, name);
    if (current === undefined || current.metadata.uid !== secret.metadata.uid || mapAt(current, 'data')['token'] !== undefined) return;
    const filled = thaw(current);
    filled.metadata.annotations = { ...filled.metadata.annotations, [UID]: uid };
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    store.write.update(secrets, {
      ...filled,
      data: { ...mapAt(filled, 'data'), 'ca.crt': base64(rootCertificate(options, namespace)), namespace: base64(namespace), token: base64(token) },
    });
  }

  function dropOrphans(account: KubeObject): void {
    for (const secret of store.list(secrets, account.metadata.namespace)) {
      const annotations = secret.metadata.annotations ?? {};
      if (secret['type'] === TYPE && annotations[NAME] === account.metadata.name && annotations[UID] === account.metadata.uid)
        store.write.delete(secrets, secret.metadata.namespace, secret.metadata.name ?? '');
    }
  }

  store.subscribe((event) => {
    if (event.info.plural === 'secrets' && event.info.group === '' && event.type !== 'DELETED' && event.object['type'] === TYPE) {
      // A cluster that stops while a token is being signed leaves the Secret unfilled; the next start fills it.
      fill(event.object).catch(() => undefined);
    }
    if (event.info.plural === 'serviceaccounts' && event.info.group === '' && event.type === 'DELETED') dropOrphans(event.object);
  });
}

/** The cluster's root, which the root CA publisher keeps in every namespace. */
function rootCertificate(options: AuthOptions, namespace: string): string {
  const configMaps = options.registry.find('', 'v1', 'configmaps');
  const published = configMaps && options.store.get(configMaps, namespace, 'kube-root-ca.crt');
  const pem = mapAt(published, 'data')['ca.crt'];
  return typeof pem === 'string' ? pem : '';
}
