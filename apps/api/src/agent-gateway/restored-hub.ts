import { MeshfleetError } from '@meshfleet/model';
import { compareCursors, readStateSignature } from '@meshfleet/protocol';
import type { Cursor } from '@meshfleet/protocol';
import { outrankEpoch } from '@meshfleet/store';
import type { AuthenticatedAgent } from './authenticate.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { SigningKeys } from './signing-keys.ts';

/**
 * An agent that is ahead of the hub tells that the hub came back from a backup. It is believed only with a signature of
 * the hub's own for a state of that very cluster which this database does not know: a stolen agent key cannot put the
 * organization into OBSERVE mode by inventing a revision.
 */
export class RestoredHub {
  readonly #context: GatewayContext;
  readonly #signingKeys: SigningKeys;

  constructor(context: GatewayContext, signingKeys: SigningKeys) {
    this.#context = context;
    this.#signingKeys = signingKeys;
  }

  /** Raises the organization's epoch if the agent proves to be ahead; true when it did, and the cluster must be read again. */
  async detect({ cluster, organizationId }: AuthenticatedAgent, cursor: Cursor, evidence: string | undefined): Promise<boolean> {
    const here = { epoch: cluster.epoch, revision: cluster.desiredRevision };
    if (compareCursors(cursor, here) <= 0) return false;
    const fields = { organizationId, clusterId: cluster.id, cursor, here };
    const proven = await this.#read(organizationId, cluster.id, evidence);
    if (proven === undefined || compareCursors(proven, here) <= 0) {
      this.#context.logger.warn(fields, 'an agent claims to be ahead of this hub and cannot prove it');
      return false;
    }
    const place = { clusterId: cluster.id, clusterName: cluster.name, epoch: proven.epoch, revision: proven.revision, at: new Date(this.#context.clock()) };
    const epoch = await this.#context.store.transaction(organizationId, (tx) => outrankEpoch(tx, place));
    if (epoch !== undefined) {
      this.#context.logger.warn({ ...fields, epoch }, 'this hub was restored from a backup: the organization observes in a new epoch until a person resumes it');
    }
    return true;
  }

  async #read(organizationId: string, clusterId: string, evidence: string | undefined): Promise<Cursor | undefined> {
    if (evidence === undefined || evidence === '') return undefined;
    const { trusted } = await this.#signingKeys.of(organizationId);
    try {
      const claims = readStateSignature(evidence, trusted);
      return claims.org === organizationId && claims.cluster === clusterId ? { epoch: claims.epoch, revision: claims.revision } : undefined;
    } catch (error) {
      if (error instanceof MeshfleetError) return undefined;
      throw error;
    }
  }
}
