import type { KeyObject } from 'node:crypto';
import { MeshfleetError, assertNever } from '@meshfleet/model';
import { importPublicKey, readRequestToken, verifyRequestHead } from '@meshfleet/protocol';
import type { RequestToken } from '@meshfleet/protocol';
import { findAgents } from '@meshfleet/store';
import type { AgentRow } from '@meshfleet/store';
import { BoundedCache } from './bounded-cache.ts';
import { CoalescingLoader } from './coalescing-loader.ts';
import type { GatewayContext } from './gateway-context.ts';
import { ReplayMemory } from './replay-memory.ts';

/** An agent whose request has been believed, with its cluster as it is now. */
export interface AuthenticatedAgent {
  readonly organizationId: string;
  readonly cluster: AgentRow;
  readonly token: RequestToken;
}

export interface RequestHead {
  readonly authorization: string | undefined;
  readonly method: string;
  /** Path with query, as it came. */
  readonly path: string;
}

/**
 * Says who speaks. The cluster's row is read for every request (many requests share one statement), so that a new key, a
 * quarantine or an eviction holds from its commit on, in every process.
 */
export class Authenticator {
  readonly #context: GatewayContext;
  readonly #replays = new ReplayMemory();
  readonly #keys = new BoundedCache<KeyObject>(20_000);
  readonly agents: CoalescingLoader<AgentRow>;

  constructor(context: GatewayContext) {
    this.#context = context;
    this.agents = new CoalescingLoader(async (organizationId, ids) => {
      const rows = await context.store.transaction(organizationId, (tx) => findAgents(tx, ids), { readOnly: true });
      return new Map(rows.map((row) => [row.id, row]));
    });
  }

  /** The body has not been read yet: `verifyRequestBody` must follow. @throws MeshfleetError */
  async authenticate(head: RequestHead): Promise<AuthenticatedAgent> {
    const token = readRequestToken(head.authorization);
    const cluster = await this.agents.load(token.organizationId, token.clusterId);
    // Unknown, foreign and wrongly signed look the same from outside: ids cannot be tried out.
    if (cluster === undefined) throw new MeshfleetError({ code: 'SIGNATURE_INVALID', summary: 'The signature of the request does not hold', why: 'it is not by the key of this cluster', fix: 'Enrol the cluster again with a new join token if its keys are lost.' });
    const now = this.#context.clock() / 1000;
    const { method, path } = head;
    await verifyRequestHead(token, { kid: cluster.signKid, publicKey: this.#keyOf(cluster) }, { audience: this.#context.audience, method, path, now });
    if (!this.#replays.isFirst(cluster.id, token.jti, now)) {
      throw new MeshfleetError({ code: 'REQUEST_REPLAYED', summary: 'The request was received before', fix: 'Sign every request anew.' });
    }
    return { organizationId: token.organizationId, cluster, token };
  }

  #keyOf({ signKid, signJwk }: AgentRow): KeyObject {
    const known = this.#keys.get(signKid);
    if (known !== undefined) return known;
    const key = importPublicKey(signJwk);
    this.#keys.set(signKid, key, 1);
    return key;
  }
}

/** @throws MeshfleetError when the cluster may not listen, or if asked to act, not act */
export function checkLifecycle(cluster: AgentRow, wants: 'listen' | 'act'): void {
  switch (cluster.lifecycle) {
    case 'ACTIVE':
      return;
    case 'PENDING_APPROVAL':
      if (wants === 'listen') return;
      throw new MeshfleetError({
        code: 'APPROVAL_PENDING',
        summary: `The cluster ${cluster.name} waits for approval`,
        why: 'its join token asks for a person to let it in',
        fix: 'Approve the cluster; the agent goes on by itself.',
      });
    case 'QUARANTINED':
      throw new MeshfleetError({ code: 'CLUSTER_QUARANTINED', summary: `The cluster ${cluster.name} is quarantined`, fix: 'Release it when it is safe to.' });
    case 'EVICTED':
      throw new MeshfleetError({ code: 'CLUSTER_EVICTED', summary: `The cluster ${cluster.name} was evicted`, fix: 'Enrol it again with a new join token.' });
    default:
      assertNever(cluster.lifecycle);
  }
}
