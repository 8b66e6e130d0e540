import { MeshfleetError } from '@meshfleet/model';
import { hashSecretToken, readSecretToken, thumbprint, verifyEnrolmentProof } from '@meshfleet/protocol';
import type { EnrolRequest, EnrolResponse } from '@meshfleet/protocol';
import { enrolCluster, unknownJoinToken, uuidv7 } from '@meshfleet/store';
import type { Authenticator } from './authenticate.ts';
import { EnrolLimiter } from './enrol-limiter.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { SigningKeys } from './signing-keys.ts';

/** `POST /agent/v1/enroll`: a join token and two public keys become a cluster. */
export class Enrol {
  readonly #context: GatewayContext;
  readonly #signingKeys: SigningKeys;
  readonly #agents: Authenticator['agents'];
  readonly #byAddress = new EnrolLimiter({ burst: 200, perSecond: 2 });
  readonly #byOrganization = new EnrolLimiter({ burst: 2000, perSecond: 20 });

  constructor(context: GatewayContext, signingKeys: SigningKeys, agents: Authenticator['agents']) {
    this.#context = context;
    this.#signingKeys = signingKeys;
    this.#agents = agents;
  }

  /** @throws MeshfleetError */
  async run(request: EnrolRequest, address: string): Promise<EnrolResponse> {
    const now = this.#context.clock();
    const organizationId = readSecretToken('mfj', request.joinToken)?.organizationId;
    this.#byAddress.check(address, now);
    if (organizationId !== undefined) this.#byOrganization.check(organizationId, now);
    try {
      if (organizationId === undefined) throw unknownJoinToken();
      return await this.#enrol(request, organizationId, now);
    } catch (error) {
      if (error instanceof MeshfleetError && error.code !== 'STORE_UNAVAILABLE') {
        this.#byAddress.failed(address, now);
        if (organizationId !== undefined) this.#byOrganization.failed(organizationId, now);
      }
      throw error;
    }
  }

  async #enrol(request: EnrolRequest, organizationId: string, now: number): Promise<EnrolResponse> {
    const { audience, store, randomBytes } = this.#context;
    const { joinToken, clusterUid, clusterName, signKey, sealKey, agentVersion, kubernetesVersion, proof } = request;
    verifyEnrolmentProof(proof, signKey, { audience, sealKey, clusterUid, joinToken, now: now / 1000 });
    const at = new Date(now);
    const enrolment = {
      newClusterId: uuidv7(at, randomBytes(10)),
      tokenHash: hashSecretToken(joinToken),
      clusterUid,
      clusterName,
      signKid: thumbprint(signKey),
      signJwk: signKey,
      sealJwk: sealKey,
      agentVersion,
      kubernetesVersion,
      at,
    };
    const cluster = await store.transaction(organizationId, (tx) => enrolCluster(tx, enrolment));
    // After the commit: if this fails, the agent asks again with the same keys and is answered.
    const [keys, row] = await Promise.all([this.#signingKeys.of(organizationId), this.#agents.load(organizationId, cluster.clusterId)]);
    this.#context.logger.info({ organizationId, clusterId: cluster.clusterId, status: cluster.status }, 'cluster enrolled');
    return {
      ...cluster,
      organizationId,
      audience,
      signingKeys: [...keys.trusted],
      epoch: row?.epoch ?? 0,
      hubTime: new Date(this.#context.clock()).toISOString(),
    };
  }
}
