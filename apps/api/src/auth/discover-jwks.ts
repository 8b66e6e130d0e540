import { MeshfleetError } from '@meshfleet/model';
import { z } from 'zod';
import type { ApiConfig } from '../config/parse-config.ts';

const document = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

/**
 * Where the issuer's keys are: as configured, or as OpenID Connect Discovery 1.0 says (section 4). The document's issuer
 * must be the configured one (section 4.3).
 */
export async function discoverJwksUrl(oidc: NonNullable<ApiConfig['oidc']>): Promise<string> {
  if (oidc.jwksUrl !== undefined) return oidc.jwksUrl;
  const url = `${oidc.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  let why: string;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
    const found = document.safeParse(response.ok ? await response.json() : undefined);
    if (found.success && found.data.issuer === oidc.issuer) return found.data.jwks_uri;
    why = found.success ? `${url} names another issuer` : `${url} answered ${response.status} and no discovery document`;
  } catch {
    why = `${url} does not answer`;
  }
  throw new MeshfleetError({
    code: 'IDENTITY_PROVIDER_UNAVAILABLE',
    summary: 'Nobody can sign in at the moment',
    why,
    fix: 'Try again in a moment; if it lasts, check OIDC_ISSUER, or name the key set itself by OIDC_JWKS_URL.',
  });
}
