import { clusterKindOf, openCluster, type OpenCluster } from '@meshfleet/cluster-real';
import type { KubeObject } from '@meshfleet/model';
import { afterAll, beforeAll } from 'vitest';
import { createClient, type Client } from './client.ts';

/** By the kinds that were added to them; every test works in namespaces of its own. They end with the process. */
const clusters = new Map<string, Promise<OpenCluster>>();

/** A cluster of the kind under test, shared by the files of this process that want the same kinds, and one client for all tests of a file; nothing else differs between the two runs. */
export function withCluster(crds: KubeObject[] = []): { readonly cluster: OpenCluster; readonly client: Client } {
  let cluster: OpenCluster | undefined;
  let client: Client | undefined;
  beforeAll(async () => {
    const kinds = crds.map(({ metadata }) => metadata.name).join();
    const opening = clusters.get(kinds) ?? openCluster(clusterKindOf(process.env), { name: 'conformance', crds });
    clusters.set(kinds, opening);
    cluster = await opening;
    client = createClient(cluster);
  }, 120_000);
  afterAll(() => client?.close());
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
