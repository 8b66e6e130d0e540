import { MeshfleetError } from '@meshfleet/model';
import type { SecretFile } from './secret-file.ts';
import type { Identity } from './identity.ts';
import { identitySchema } from './identity.ts';

export const IDENTITY_SECRET = 'meshfleet-agent-identity';

/** The identity in memory and in its Secret. The Secret is written first: what memory says has been stored. */
export interface IdentityStore {
  readonly current: Identity | undefined;
  load(): Promise<Identity | undefined>;
  save(identity: Identity): Promise<void>;
}

export function createIdentityStore(file: SecretFile): IdentityStore {
  let current: Identity | undefined;
  return {
    get current() {
      return current;
    },
    async load() {
      const content = await file.read();
      current = content === undefined ? undefined : parse(content);
      return current;
    },
    async save(identity) {
      await file.write(Buffer.from(JSON.stringify(identity)));
      current = identity;
    },
  };
}

function parse(content: Buffer): Identity {
  try {
    return identitySchema.parse(JSON.parse(content.toString('utf8')));
  } catch (cause) {
    // Never replaced by itself: the keys in it are the only proof of who this cluster is.
    throw new MeshfleetError(
      {
        code: 'CONFIG_INVALID',
        summary: `The Secret ${IDENTITY_SECRET} holds no identity that this version can read`,
        fix: 'Install the agent version that wrote it, or delete the Secret and enrol again with a new join token: the cluster stays the same.',
      },
      { cause },
    );
  }
}
