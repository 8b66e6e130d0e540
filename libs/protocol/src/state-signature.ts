import { MeshfleetError } from '@meshfleet/model';
import * as z from 'zod';
import { sha256Base64Url } from './sha256.ts';
import { isSignedBy, parseCompact, signCompact } from './compact-jws.ts';
import { importPublicKey, thumbprint } from './jwk.ts';
import type { SignJwk, SigningKey } from './jwk.ts';

/** Response header of `GET /agent/v1/state`; request header of stream and poll, see {@link EVIDENCE_HEADER}. */
export const SIGNATURE_HEADER = 'meshfleet-signature';
/**
 * With a cursor, an agent sends the signature of the state that it accepted last. It proves that this hub once was at
 * that epoch and revision: only so does a hub believe that it was restored from a backup. Without it, one stolen agent
 * key could put a whole organization into OBSERVE mode by claiming a revision from the future.
 */
export const EVIDENCE_HEADER = 'meshfleet-evidence';
const TYPE = 'meshfleet-state+jwt';

const claimsSchema = z.object({
  org: z.uuid(),
  cluster: z.uuid(),
  epoch: z.int().nonnegative(),
  revision: z.int().nonnegative(),
  /** SHA-256 of the uncompressed body, base64url. */
  bh: z.string().length(43),
});

export type StateSignatureClaims = z.infer<typeof claimsSchema>;

/** Signs the uncompressed bytes of a desired state for one cluster. */
export function signState(key: SigningKey, state: Omit<StateSignatureClaims, 'bh'>, body: string | Uint8Array): string {
  const { org, cluster, epoch, revision } = state;
  return signCompact(key, TYPE, { org, cluster, epoch, revision, bh: sha256Base64Url(body) });
}

/**
 * What a signature of ours says, if one of these keys made it.
 * @throws MeshfleetError SIGNATURE_INVALID
 */
export function readStateSignature(signature: string, keys: readonly SignJwk[]): StateSignatureClaims {
  const jws = parseCompact(signature);
  if (jws.typ !== TYPE) throw invalid(`its type is not ${TYPE}`);
  const key = keys.find((candidate) => thumbprint(candidate) === jws.kid);
  if (key === undefined || !isSignedBy(jws, importPublicKey(key))) throw invalid('it is by no key that is trusted here');
  const parsed = claimsSchema.safeParse(jws.claims);
  if (!parsed.success) throw invalid('its claims are malformed');
  return parsed.data;
}

function invalid(why: string): MeshfleetError {
  return new MeshfleetError({ code: 'SIGNATURE_INVALID', summary: 'The signature of a desired state does not hold', why, fix: 'Nothing was changed. Check that the agent talks to its own hub; if the hub got new keys, enrol the cluster again.' });
}
