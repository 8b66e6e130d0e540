import type { KubeObject } from '@meshfleet/model';
import { afterAll, beforeAll } from 'vitest';
import { createClient, type Client } from './client.ts';
import { openCluster, type TestCluster } from './open-cluster.ts';

/** One cluster and one client for all tests of a file. */
export function withCluster(crds: KubeObject[] = []): { readonly cluster: TestCluster; readonly client: Client } {
  let cluster: TestCluster | undefined;
  let client: Client | undefined;
  beforeAll(async () => {
    cluster = await openCluster(crds);
    client = createClient(cluster);
  }, 120_000);
  afterAll(async () => {
    client?.close();
    await cluster?.stop();
  });
  return {
    get cluster() {
      if (cluster === undefined) throw new Error('the cluster did not start');
      return cluster;
    },
    get client() {
      if (client === undefined) throw new Error('the cluster did not start');
      return client;
    },
  };
}
