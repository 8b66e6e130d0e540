import { randomBytes } from 'node:crypto';
import { signRotationProof } from '@meshfleet/protocol';
import type { HubConnection, Signer } from '../hub/hub-connection.ts';
import { HubError } from '../hub/hub-connection.ts';
import type { AgentKeys, Identity } from './identity.ts';
import { generateKeys, publicKeys, signingKeyOf } from './identity.ts';
import type { IdentityStore } from './identity-store.ts';

/** As whom this identity signs; undefined while it is not enrolled. */
export function signerOf(identity: Identity | undefined, keys: AgentKeys | undefined = identity?.keys): Signer | undefined {
  if (identity?.enrolment === undefined || keys === undefined) return undefined;
  const { clusterId, organizationId, audience } = identity.enrolment;
  return { key: signingKeyOf(keys), clusterId, organizationId, audience };
}

export function keysAreDue(identity: Identity, now: number, lifeDays: number): boolean {
  return identity.nextKeys !== undefined || now - Date.parse(identity.keys.createdAt) > lifeDays * 86_400_000;
}

/**
 * Replaces the agent's keys. The new pair is stored first; should the answer be lost, the next try finds out which of the two the hub takes:
 * it asks with the old pair again, and when that is refused the new one is in force.
 */
export async function rotateKeys(store: IdentityStore, hub: HubConnection, now: number): Promise<void> {
  let identity = store.current;
  if (identity?.enrolment === undefined) return;
  const next = identity.nextKeys ?? generateKeys(new Date(now));
  const asked = identity.nextKeys !== undefined;
  if (!asked) {
    identity = { ...identity, nextKeys: next };
    await store.save(identity);
  }
  try {
    await send(identity, next, hub);
  } catch (error) {
    const refused = error instanceof HubError && error.status === 401 && error.code === 'SIGNATURE_INVALID';
    if (!asked || !refused) throw error;
    // The old pair is refused: an earlier try went through. The new pair must prove it before it is believed.
    await hub.send({ method: 'GET', path: '/agent/v1/poll?cursor=0.0&wait=0', signer: signerOf(identity, next) });
  }
  const { nextKeys: _done, ...rest } = identity;
  await store.save({ ...rest, keys: next });
}

async function send(identity: Identity, next: AgentKeys, hub: HubConnection): Promise<void> {
  const signer = signerOf(identity);
  if (signer === undefined) return;
  const { signKey, sealKey } = publicKeys(next);
  const proof = signRotationProof(signingKeyOf(next), {
    audience: signer.audience,
    clusterId: signer.clusterId,
    sealKey,
    now: hub.hubSeconds(),
    jti: randomBytes(16).toString('base64url'),
  });
  await hub.send({ method: 'POST', path: '/agent/v1/keys', body: Buffer.from(JSON.stringify({ signKey, sealKey, proof })), signer });
}
