import type { ClusterRow } from '@meshfleet/store';
import { formatGlobalId } from '../graphql/global-id.ts';

/** A cluster as GraphQL's type Cluster, with its row for the fields that are looked up. */
export function clusterView(row: ClusterRow) {
  return {
    __typename: 'Cluster' as const,
    row,
    id: formatGlobalId({ type: 'Cluster', id: row.id }),
    uid: row.uid,
    name: row.name,
    labels: labelsView(row.labels),
    region: row.region,
    zone: row.zone,
    network: row.network,
    mesh: row.mesh,
    status: row.status,
    agentVersion: row.agentVersion,
    kubernetesVersion: row.kubernetesVersion,
    nodeCount: row.nodeCount,
    meshRevisions: meshRevisionsView(row.meshes),
    enrolledAt: row.enrolledAt,
    lastSeenAt: row.lastSeenAt,
    acknowledgedRevision: row.ackedRevision,
    acknowledgedAt: row.ackedAt,
    inSync: row.inSync,
  };
}

export type ClusterView = ReturnType<typeof clusterView>;

export function labelsView(labels: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(labels)
    .map(([key, value]) => ({ key, value }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Agents report facts; one of another version may report what this one does not know. */
function meshRevisionsView(meshes: ClusterRow['meshes']) {
  return (Array.isArray(meshes) ? meshes : []).flatMap(({ flavour, revision, version, namespace }) =>
    (flavour === 'ISTIO' || flavour === 'LINKERD') && typeof revision === 'string'
      ? [{ flavour, revision, version: version ?? null, namespace: namespace ?? '' }]
      : [],
  );
}
