import type { KubeClient } from '@meshfleet/kube';
import { RESOURCES } from '@meshfleet/kube';

export interface NodeFacts {
  readonly nodeCount: number;
  readonly region?: string;
  readonly zone?: string;
}

/**
 * Number of nodes and where they are. Asked for now and then instead of watched: nodes report their status all the time, and two numbers are all
 * that is wanted. A cluster in several zones has none.
 */
export async function readNodes(client: KubeClient): Promise<NodeFacts> {
  const page = await client.list(RESOURCES.nodes, { limit: 500, metadataOnly: true });
  const values = (label: string): string[] => [...new Set(page.items.map((node) => node.metadata.labels?.[label] ?? ''))].filter((value) => value !== '');
  const regions = values('topology.kubernetes.io/region');
  const zones = values('topology.kubernetes.io/zone');
  const [region] = regions;
  const [zone] = zones;
  return {
    nodeCount: page.items.length + (page.remaining ?? 0),
    ...(regions.length === 1 && region !== undefined ? { region } : {}),
    ...(zones.length === 1 && zone !== undefined ? { zone } : {}),
  };
}
