import { clusterKindOf } from '@meshfleet/cluster-real';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeThrowAwayDir } from '../../apps/demo/src/data-dir.ts';
import { startFleet, type Fleet } from '../../apps/demo/src/fleet.ts';
import type { GraphqlClient } from '../../apps/demo/src/graphql-client.ts';
import { createProgress } from '../../apps/demo/src/progress.ts';
import { enrolAll, signIn } from '../../apps/demo/src/seed.ts';

export interface OpenFleet {
  readonly fleet: Fleet;
  readonly client: GraphqlClient;
  readonly token: string;
  close(): Promise<void>;
}

/** The whole product as users run it (processes, Postgres, three clusters of the kind under test with their agents), on throw-away data. */
export async function openFleet(options: { databaseUrl?: string } = {}): Promise<OpenFleet> {
  const root = join(import.meta.dirname, '..', '..');
  const dataDir = makeThrowAwayDir('meshfleet-e2e-');
  const quiet = createProgress(() => undefined);
  const fleet = await startFleet({ ...options, port: 0, dataDir, reset: false, clusters: clusterKindOf(process.env) }, root, quiet);
  const close = async (): Promise<void> => {
    await fleet.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const { client, token } = await signIn(fleet);
    await enrolAll(fleet, client, quiet);
    return { fleet, client, token, close };
  } catch (error) {
    await fleet.stop();
    throw error;
  }
}
