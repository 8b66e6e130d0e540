import { MeshfleetError } from '@meshfleet/model';
import * as z from 'zod';
import { sha256Base64Url } from './sha256.ts';
import { isSignedBy, parseCompact, signCompact } from './compact-jws.ts';
import { TOKEN_LIFETIME, checkFreshness } from './freshness.ts';
import { importPublicKey, thumbprint } from './jwk.ts';
import type { SealJwk, SignJwk, SigningKey } from './jwk.ts';

// A public key is taken only with a proof that the sender holds its private half, bound to this hub, this cluster, this
// purpose and the sealing key that comes with it: a key that is merely copied from elsewhere proves nothing.

const shared = { aud: z.string().max(500), sealKid: z.string().length(43), iat: z.number(), exp: z.number(), jti: z.string().min(16).max(64) };
const enrolClaims = z.object({ typ: z.literal('enroll'), clusterUid: z.string(), joinTokenHash: z.string().length(43), ...shared });
const rotateClaims = z.object({ typ: z.literal('rotate'), iss: z.uuid(), ...shared });
const ENROL_TYPE = 'meshfleet-enroll+jwt';
const ROTATE_TYPE = 'meshfleet-rotate+jwt';

interface ProofContext {
  /** The hub's public URL, as the agent was given it, without a slash at its end. */
  readonly audience: string;
  readonly sealKey: SealJwk;
  /** Seconds since 1970. */
  readonly now: number;
}

export interface EnrolmentContext extends ProofContext {
  readonly clusterUid: string;
  readonly joinToken: string;
}

export interface RotationContext extends ProofContext {
  readonly clusterId: string;
}

/** The `proof` of `POST /agent/v1/enroll`. `jti`: never used before. */
export function signEnrolmentProof(key: SigningKey, context: EnrolmentContext & { readonly jti: string }): string {
  return signCompact(key, ENROL_TYPE, {
    typ: 'enroll',
    clusterUid: context.clusterUid,
    joinTokenHash: sha256Base64Url(context.joinToken),
    ...sharedClaims(context),
  });
}

/** @throws MeshfleetError SIGNATURE_INVALID or REQUEST_EXPIRED */
export function verifyEnrolmentProof(proof: string, signKey: SignJwk, context: EnrolmentContext): void {
  const claims = readProof(proof, ENROL_TYPE, signKey, enrolClaims);
  if (claims.clusterUid !== context.clusterUid) throw invalid('it is for another cluster');
  if (claims.joinTokenHash !== sha256Base64Url(context.joinToken)) throw invalid('it is for another join token');
  checkShared(claims, context);
}

/** The `proof` of `POST /agent/v1/keys`, by the new key. */
export function signRotationProof(newKey: SigningKey, context: RotationContext & { readonly jti: string }): string {
  return signCompact(newKey, ROTATE_TYPE, { typ: 'rotate', iss: context.clusterId, ...sharedClaims(context) });
}

/** @throws MeshfleetError SIGNATURE_INVALID or REQUEST_EXPIRED */
export function verifyRotationProof(proof: string, newSignKey: SignJwk, context: RotationContext): void {
  const claims = readProof(proof, ROTATE_TYPE, newSignKey, rotateClaims);
  if (claims.iss !== context.clusterId) throw invalid('it is for another cluster');
  checkShared(claims, context);
}

function sharedClaims(context: ProofContext & { readonly jti: string }): z.infer<z.ZodObject<typeof shared>> {
  const iat = Math.floor(context.now);
  return { aud: context.audience, sealKid: thumbprint(context.sealKey), iat, exp: iat + TOKEN_LIFETIME, jti: context.jti };
}

function readProof<T>(proof: string, type: string, key: SignJwk, schema: z.ZodType<T>): T {
  const jws = parseCompact(proof);
  const parsed = schema.safeParse(jws.claims);
  if (jws.typ !== type || !parsed.success) throw invalid('it says something else');
  if (jws.kid !== thumbprint(key) || !isSignedBy(jws, importPublicKey(key))) throw invalid('it is not by the key that it brings');
  return parsed.data;
}

function checkShared(claims: z.infer<z.ZodObject<typeof shared>>, context: ProofContext): void {
  if (claims.aud !== context.audience) {
    throw invalid(`it is for ${claims.aud}, and this hub is ${context.audience}`, 'Set MESHFLEET_URL to the public URL of the hub.');
  }
  if (claims.sealKid !== thumbprint(context.sealKey)) throw invalid('it is for another sealing key');
  checkFreshness(claims, context.now);
}

function invalid(why: string, fix?: string): MeshfleetError {
  return new MeshfleetError({
    code: 'SIGNATURE_INVALID',
    summary: 'The proof of the new key does not hold',
    why,
    ...(fix === undefined ? {} : { fix }),
  });
}
