import { MeshfleetError } from '@meshfleet/model';

/** Longest life of a token that an agent signs, in seconds. */
export const TOKEN_LIFETIME = 60;
/** How far an agent's clock may be from the hub's, in seconds. */
export const CLOCK_SKEW = 60;
/** How long after its first use a token could be used again, in seconds: what a memory of token ids must cover. */
export const REPLAY_WINDOW = TOKEN_LIFETIME + 2 * CLOCK_SKEW;

/**
 * Whether a token is of now. All times are seconds since 1970.
 * @throws MeshfleetError REQUEST_EXPIRED; the edge adds `hubTime`, from which the agent corrects its clock's offset
 */
export function checkFreshness(claims: { readonly iat: number; readonly exp: number }, now: number): void {
  if (claims.exp < claims.iat || claims.exp > claims.iat + TOKEN_LIFETIME) {
    throw expired(`it claims to live ${claims.exp - claims.iat} s, and ${TOKEN_LIFETIME} s is the longest`);
  }
  if (claims.iat > now + CLOCK_SKEW) throw expired(`it was made ${Math.round(claims.iat - now)} s in the future`);
  if (claims.exp < now - CLOCK_SKEW) throw expired(`it ran out ${Math.round(now - claims.exp)} s ago`);
}

function expired(why: string): MeshfleetError {
  return new MeshfleetError({
    code: 'REQUEST_EXPIRED',
    summary: 'The request was not signed just now',
    why,
    fix: 'Set the offset of your clock from hubTime and sign the request anew.',
  });
}
