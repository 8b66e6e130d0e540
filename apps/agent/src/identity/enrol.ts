import { randomBytes } from 'node:crypto';
import { MeshfleetError } from '@meshfleet/model';
import type { KubeClient } from '@meshfleet/kube';
import { RESOURCES } from '@meshfleet/kube';
import type { EnrolResponse } from '@meshfleet/protocol';
import { enrolResponseSchema, PROTOCOL, sha256Base64Url, signEnrolmentProof } from '@meshfleet/protocol';
import type { HubConnection } from '../hub/hub-connection.ts';
import { HubError } from '../hub/hub-connection.ts';
import { lostRace } from './secret-file.ts';
import type { Identity } from './identity.ts';
import { generateKeys, publicKeys, signingKeyOf } from './identity.ts';
import type { IdentityStore } from './identity-store.ts';

export interface EnrolOptions {
  readonly store: IdentityStore;
  readonly hub: HubConnection;
  readonly hubUrl: string;
  readonly client: KubeClient;
  readonly joinToken: string | undefined;
  readonly clusterName: string | undefined;
  readonly agentVersion: string;
  readonly now: () => number;
}

/**
 * Whoever this cluster is at the hub. Enrols when it is nobody yet, or was evicted and has another join token now.
 *
 * Safe against a crash at any point: the keys are stored before the hub hears of them, so that an answer that was lost can be asked for again with
 * the same keys and the same token, which the hub answers alike.
 */
export async function ensureEnrolled(options: EnrolOptions): Promise<Identity> {
  const { store } = options;
  const held = store.current ?? (await store.load());
  const tokenHash = options.joinToken === undefined ? undefined : sha256Base64Url(options.joinToken);
  if (held?.enrolment !== undefined && (held.evicted !== true || tokenHash === undefined || tokenHash === held.joinTokenHash)) return held;
  if (options.joinToken === undefined || tokenHash === undefined) {
    throw new MeshfleetError({
      code: 'CONFIG_INVALID',
      summary: 'This cluster is not enrolled yet and MESHFLEET_JOIN_TOKEN is not set',
      fix: 'Create a join token in Meshfleet and give it to the agent.',
    });
  }
  const prepared = await prepare(store, held, tokenHash, options.now());
  const answer = await ask(options, prepared, options.joinToken);
  const { evicted: _over, ...rest } = prepared;
  const enrolled: Identity = {
    ...rest,
    joinTokenHash: tokenHash,
    enrolment: {
      clusterId: answer.clusterId,
      clusterName: answer.clusterName,
      organizationId: answer.organizationId,
      audience: answer.audience,
      signingKeys: answer.signingKeys,
    },
  };
  await store.save(enrolled);
  return enrolled;
}

/** Keys for this token, stored. Those of an earlier, unanswered try with the same token are used again. */
async function prepare(store: IdentityStore, held: Identity | undefined, tokenHash: string, now: number): Promise<Identity> {
  if (held !== undefined && held.enrolment === undefined && held.joinTokenHash === tokenHash) return held;
  const fresh: Identity = { version: 1, keys: generateKeys(new Date(now)), joinTokenHash: tokenHash, seqReserved: held?.seqReserved ?? 0 };
  try {
    await store.save(held?.enrolment === undefined ? fresh : { ...fresh, evicted: true });
    return fresh;
  } catch (error) {
    // Another agent of this cluster was faster: one identity is enough.
    const theirs = lostRace(error) ? await store.load() : undefined;
    if (theirs === undefined) throw error;
    return theirs;
  }
}

async function ask(options: EnrolOptions, identity: Identity, joinToken: string): Promise<EnrolResponse> {
  const { client, hub } = options;
  const [kubeSystem, kubernetesVersion] = await Promise.all([client.get(RESOURCES.namespaces, '', 'kube-system'), client.version()]);
  const clusterUid = kubeSystem.metadata.uid ?? '';
  const { signKey, sealKey } = publicKeys(identity.keys);
  const send = () => {
    const proof = signEnrolmentProof(signingKeyOf(identity.keys), {
      audience: options.hubUrl,
      sealKey,
      clusterUid,
      joinToken,
      now: hub.hubSeconds(),
      jti: randomBytes(16).toString('base64url'),
    });
    const clusterName = options.clusterName ?? `cluster-${clusterUid.slice(0, 8)}`;
    const body = { protocol: PROTOCOL, joinToken, clusterUid, clusterName, signKey, sealKey, agentVersion: options.agentVersion, kubernetesVersion, proof };
    return hub.send({ method: 'POST', path: '/agent/v1/enroll', body: Buffer.from(JSON.stringify(body)) });
  };
  let answer;
  try {
    answer = await send();
  } catch (error) {
    if (!(error instanceof HubError) || error.code !== 'REQUEST_EXPIRED' || error.hubTime === undefined) throw error;
    hub.learnTime(error.hubTime);
    answer = await send();
  }
  const parsed = enrolResponseSchema.safeParse(JSON.parse(answer.body.toString('utf8')));
  if (!parsed.success) throw new HubError(0, 'PROTOCOL_UNSUPPORTED', 'The hub answered the enrolment in a way that this agent does not understand', { fix: 'Check MESHFLEET_URL, and that agent and hub are at most one minor version apart.' });
  hub.learnTime(parsed.data.hubTime);
  return parsed.data;
}
