import type { Auth, AuthOptions, VirtualResource } from '../seam.ts';
import { createAccessReviews } from './access-reviews.ts';
import { createAuthenticator } from './authenticator.ts';
import { createAuthorizer } from './authorizer.ts';
import { createBinding, createEviction } from './pod-subresources.ts';
import { keepServiceAccountSecrets } from './service-account-secrets.ts';
import { createServiceAccountTokens } from './service-account-tokens.ts';
import { createTokenRequest, findAccount } from './token-request.ts';

/** Who may do what in one cluster: tokens, RBAC, and the kinds that answer questions about both. */
export function createAuth(options: AuthOptions): Auth {
  const tokens = createServiceAccountTokens(options.issuer, options.vault);
  const authenticator = createAuthenticator({ ...options, tokens });
  const authorizer = createAuthorizer(options.registry, options.store);
  const reviews = createAccessReviews(options, authorizer, authenticator);
  const subresources: Readonly<Record<string, VirtualResource>> = {
    'serviceaccounts/token': createTokenRequest(options, tokens),
    'pods/eviction': createEviction(options),
    'pods/binding': createBinding(options),
    'bindings/': createBinding(options),
  };
  keepServiceAccountSecrets(options, tokens);
  const reviewGroups = new Set(['authentication.k8s.io', 'authorization.k8s.io']);

  return {
    authenticator,
    authorizer,
    virtual(info, subresource) {
      if (info.group === '') return subresources[`${info.plural}/${subresource ?? ''}`];
      return reviewGroups.has(info.group) && subresource === undefined ? reviews[info.kind] : undefined;
    },
    async issueToken({ namespace, name }, request = {}) {
      const account = findAccount(options, namespace, name);
      const issuedAt = Math.floor(options.now().getTime() / 1000);
      return tokens.sign(
        {
          namespace,
          serviceAccount: { name, uid: account.metadata.uid ?? '' },
          audiences: request.audiences ?? [options.issuer],
          expiresAt: issuedAt + (request.expirationSeconds ?? 3600),
        },
        issuedAt,
      );
    },
    jwks: () => tokens.jwks(),
  };
}
