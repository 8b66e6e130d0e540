import { createHash, timingSafeEqual } from 'node:crypto';
import type { Authenticator, Registry, StoreView, UserInfo } from '../seam.ts';
import { MASTERS } from './authorizer.ts';
import type { ServiceAccountTokens, TokenClaims } from './service-account-tokens.ts';

const AUTHENTICATED = 'system:authenticated';
const ADMIN: UserInfo = { name: 'kubernetes-admin', groups: [MASTERS, AUTHENTICATED] };
const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

export interface AuthenticatorOptions {
  readonly registry: Registry;
  readonly store: StoreView;
  readonly tokens: ServiceAccountTokens;
  readonly adminToken: string;
  readonly issuer: string;
  readonly now: () => Date;
}

export interface ClusterAuthenticator extends Authenticator {
  /** As `authenticate`, for the audiences a TokenReview asks about; answers those that the token shares. */
  review(token: string, audiences: readonly string[]): Promise<{ user: UserInfo; audiences: readonly string[] } | undefined>;
}

/** The administrator's token, service-account tokens, and nobody: no token at all is system:anonymous, a bad one is no one. */
export function createAuthenticator(options: AuthenticatorOptions): ClusterAuthenticator {
  const adminDigest = digest(options.adminToken);

  async function review(token: string, audiences: readonly string[]): Promise<{ user: UserInfo; audiences: readonly string[] } | undefined> {
    // The administrator's token is a static one, which kube-apiserver takes for any audience.
    if (timingSafeEqual(digest(token), adminDigest)) return { user: ADMIN, audiences };
    const claims = await options.tokens.verify(token, Math.floor(options.now().getTime() / 1000));
    if (claims === undefined || !stillBound(options.registry, options.store, claims)) return undefined;
    const wanted = audiences.length === 0 ? [options.issuer] : audiences;
    const common = wanted.filter((audience) => claims.audiences.includes(audience));
    return common.length === 0 ? undefined : { user: serviceAccountUser(claims), audiences: common };
  }

  return {
    review,
    async authenticate(bearer) {
      if (bearer === undefined || bearer === '') return ANONYMOUS;
      return (await review(bearer, []))?.user;
    },
  };
}

/** A token dies with its service account, and with the object that it is bound to: same name is not enough, the uid must match. */
function stillBound(registry: Registry, store: StoreView, claims: TokenClaims): boolean {
  const account = find(registry, store, 'serviceaccounts', claims.namespace, claims.serviceAccount.name);
  if (account?.metadata.uid !== claims.serviceAccount.uid || account.metadata.deletionTimestamp !== undefined) return false;
  if (claims.bound === undefined) return true;
  const plural = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' }[claims.bound.kind];
  return find(registry, store, plural, claims.bound.kind === 'Node' ? undefined : claims.namespace, claims.bound.name)?.metadata.uid === claims.bound.uid;
}

function find(registry: Registry, store: StoreView, plural: string, namespace: string | undefined, name: string) {
  const info = registry.find('', 'v1', plural);
  return info && store.get(info, namespace, name);
}

function serviceAccountUser(claims: TokenClaims): UserInfo {
  const extra: Record<string, readonly string[]> = {};
  if (claims.id !== undefined) extra['authentication.kubernetes.io/credential-id'] = [`JTI=${claims.id}`];
  if (claims.bound?.kind === 'Pod') {
    extra['authentication.kubernetes.io/pod-name'] = [claims.bound.name];
    extra['authentication.kubernetes.io/pod-uid'] = [claims.bound.uid];
  }
  return {
    name: `system:serviceaccount:${claims.namespace}:${claims.serviceAccount.name}`,
    uid: claims.serviceAccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${claims.namespace}`, AUTHENTICATED],
    extra,
  };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
