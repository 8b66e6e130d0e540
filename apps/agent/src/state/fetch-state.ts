import type { SignJwk } from '@meshfleet/protocol';
import { acceptState, SIGNATURE_HEADER } from '@meshfleet/protocol';
import type { ErrorEnvelope } from '@meshfleet/model';
import type { HubConnection, Signer } from '../hub/hub-connection.ts';
import type { HeldState } from './held-state.ts';
import { heldAfter } from './held-state.ts';

export type FetchOutcome = { readonly accepted: true; readonly held: HeldState; readonly abandoned: readonly string[] } | { readonly accepted: false; readonly error: ErrorEnvelope };

/** Asks for what is missing and judges the answer. Rejects when the hub gave none; a bad answer is an outcome, and changes nothing. */
export async function fetchState(hub: HubConnection, signer: Signer, keys: readonly SignJwk[], before: HeldState): Promise<FetchOutcome> {
  // The place of a state whose bodies were lost is still known, but nothing can be built upon it.
  const complete = before.digest !== undefined && before.signature !== undefined;
  const outcome = await fetchOnce(hub, signer, keys, before, complete ? before.digest : undefined);
  if (outcome.accepted || outcome.error.code !== 'STATE_CORRUPT' || !complete) return outcome;
  // Perhaps the delta does not fit: the whole state is asked for, once.
  return fetchOnce(hub, signer, keys, before, undefined);
}

async function fetchOnce(hub: HubConnection, signer: Signer, keys: readonly SignJwk[], before: HeldState, have: string | undefined): Promise<FetchOutcome> {
  const answer = await hub.send({ method: 'GET', path: `/agent/v1/state?have=${have ?? 'none'}`, headers: { 'accept-encoding': 'gzip' }, signer, timeoutMs: 120_000 });
  const header = answer.headers[SIGNATURE_HEADER];
  const signature = typeof header === 'string' ? header : undefined;
  const verdict = acceptState(
    {
      organizationId: signer.organizationId,
      clusterId: signer.clusterId,
      epoch: before.epoch,
      revision: before.revision,
      ...(before.digest === undefined ? {} : { digest: before.digest }),
      ...(before.issuedAt === undefined ? {} : { issuedAt: before.issuedAt }),
      ...(have === undefined ? {} : { state: before.state }),
    },
    answer.body,
    signature,
    keys,
  );
  if (!verdict.accepted) return verdict;
  return { accepted: true, held: heldAfter(before, verdict.state, verdict.delta, signature ?? ''), abandoned: verdict.abandoned };
}
