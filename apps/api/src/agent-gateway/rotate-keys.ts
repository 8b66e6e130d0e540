import { MeshfleetError } from '@meshfleet/model';
import { thumbprint, verifyRotationProof } from '@meshfleet/protocol';
import type { RotateKeysRequest } from '@meshfleet/protocol';
import { rotateAgentKeys } from '@meshfleet/store';
import type { AuthenticatedAgent } from './authenticate.ts';
import type { GatewayContext } from './gateway-context.ts';

/** `POST /agent/v1/keys`: new keys, proven by the new one in a request signed by the old one. */
export async function rotateKeys(context: GatewayContext, agent: AuthenticatedAgent, request: RotateKeysRequest): Promise<{ readonly kid: string }> {
  const { audience, clock, store } = context;
  const { cluster, organizationId } = agent;
  const { signKey, sealKey, proof } = request;
  verifyRotationProof(proof, signKey, { audience, clusterId: cluster.id, sealKey, now: clock() / 1000 });
  const kid = thumbprint(signKey);
  const rotation = {
    clusterId: cluster.id,
    clusterName: cluster.name,
    formerKid: agent.token.kid,
    signKid: kid,
    signJwk: signKey,
    sealJwk: sealKey,
    at: new Date(clock()),
  };
  const rotated = await store.transaction(organizationId, (tx) => rotateAgentKeys(tx, rotation));
  if (!rotated) {
    throw new MeshfleetError({ code: 'CONFLICT', summary: 'The keys were changed by another request at the same time', fix: 'Go on with the key that was taken.' });
  }
  return { kid };
}
