import { metadataFieldsOf, withMetadataFields, type KubeObject } from '@meshfleet/model';
import { ignoreRules, type GitopsTool } from '@meshfleet/planner';
import type { ClusterRow } from '@meshfleet/store';
import { stringify } from 'yaml';
import { objectContent, stateBody } from '../desired-state/desired-state-loaders.ts';
import { loadDesiredState } from '../desired-state/desired-state-view.ts';
import type { RequestScope } from '../request/request-scope.ts';

/** YAML to merge into a GitOps tool's resource, over everything that the cluster is to hold, or what one policy has of it. */
export async function ignoreRulesOfCluster(scope: RequestScope, cluster: ClusterRow, tool: GitopsTool, policyId: string | undefined): Promise<string> {
  const objects = await desiredObjects(scope, cluster, policyId);
  return stringify(ignoreRules(tool, objects), { lineWidth: 0 });
}

async function desiredObjects(scope: RequestScope, cluster: ClusterRow, policyId: string | undefined): Promise<KubeObject[]> {
  if (cluster.desiredRevision === 0) return [];
  const state = await loadDesiredState(scope, { clusterId: cluster.id, revision: cluster.desiredRevision });
  const { entries } = state === undefined ? { entries: [] } : await stateBody(scope, state.digest);
  const shares = new Map(state?.shares);
  const bodies = await Promise.all(
    entries.map(async ({ key, hash, policyId: holder }) => {
      const own = shares.get(key);
      if (policyId === undefined || (own === undefined && holder === policyId)) return objectContent(scope, hash);
      const fields = own?.find((share) => share.policyId === policyId)?.fields;
      const body = fields === undefined ? undefined : await objectContent(scope, hash);
      return body === undefined ? undefined : withMetadataFields(body, new Map([...metadataFieldsOf(body)].filter(([field]) => fields?.includes(field) === true)));
    }),
  );
  return bodies.filter((body): body is KubeObject => body !== undefined);
}
