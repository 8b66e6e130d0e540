import { clusterKindOf, openCluster, type OpenCluster } from '@meshfleet/cluster-real';
import type { KubeObject } from '@meshfleet/model';
import { afterAll, beforeAll } from 'vitest';
import { createClient, type Client } from './client.ts';

/** One cluster of the kind under test, and one client, for all tests of a file; nothing else differs between the two runs. */
export function withCluster(crds: KubeObject[] = []): { readonly cluster: OpenCluster; readonly client: Client } {
  let cluster: OpenCluster | undefined;
  let client: Client | undefined;
  beforeAll(async () => {
    cluster = await openCluster(clusterKindOf(process.env), { name: 'conformance', crds });
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
