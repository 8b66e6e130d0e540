import { MeshfleetError } from '@meshfleet/model';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoCluster } from './clusters.ts';
import type { Fleet } from './fleet.ts';
import { createGraphqlClient, type GraphqlClient } from './graphql-client.ts';
import { START_WITHIN_MS, type Hub } from './hub.ts';
import type { DemoPerson } from './issuer.ts';
import type { Progress } from './progress.ts';

export const ADA: DemoPerson = { subject: 'ada', email: 'ada@acme.example', name: 'Ada (platform team)' };
export const ORGANIZATION = 'acme';

export interface Problems {
  readonly userErrors: readonly { readonly code: string; readonly message: string }[];
}

/** Signs in as Ada; creates her organization at the first start. Returns the client and the token behind it. */
export async function signIn(hub: Hub): Promise<{ client: GraphqlClient; token: string }> {
  const token = await hub.issuer.token(ADA);
  const anonymous = createGraphqlClient({ url: hub.url, token });
  const { viewer } = await anonymous.request<{ viewer: { memberships: { organization: { slug: string } }[] } }>(
    '{ viewer { memberships { organization { slug } } } }',
  );
  if (!viewer.memberships.some(({ organization }) => organization.slug === ORGANIZATION)) {
    const { organizationCreate } = await anonymous.request<{ organizationCreate: Problems }>(
      `mutation ($input: OrganizationCreateInput!) { organizationCreate(input: $input) { userErrors { code message } } }`,
      { input: { slug: ORGANIZATION, name: 'Acme' } },
    );
    refuseProblems(organizationCreate);
  }
  return { client: createGraphqlClient({ url: hub.url, token, organization: ORGANIZATION }), token };
}

/** Starts every cluster's agent, with a join token where the cluster is new or was evicted, and waits until all are online. */
export async function enrolAll(fleet: Fleet, client: GraphqlClient, progress: Progress, withinMs = START_WITHIN_MS): Promise<void> {
  await progress.step(`Enrolling ${fleet.clusters.length} clusters`, async () => {
    const known = await clusterStatuses(client);
    for (const cluster of fleet.clusters) {
      const status = known.get(cluster.uid);
      fleet.startAgent(cluster, status === undefined || status === 'EVICTED' ? await createJoinToken(client, cluster) : undefined);
    }
    await until('every cluster is online', withinMs, async () => {
      const statuses = await clusterStatuses(client);
      // What was put into quarantine before stays there until somebody releases it.
      return fleet.clusters.every(({ uid }) => ['ONLINE', 'QUARANTINED'].includes(statuses.get(uid) ?? ''));
    });
  });
}

/** Waits for a condition that the public interfaces show. */
export async function until(what: string, timeoutMs: number, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) {
      throw new MeshfleetError({ code: 'INTERNAL', summary: `Waited ${timeoutMs / 1000} s, but not: ${what}` });
    }
    await sleep(40);
  }
}

export function refuseProblems(payload: Problems): void {
  const [problem] = payload.userErrors;
  if (problem !== undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: `${problem.code}: ${problem.message}` });
}

/** A token that enrols one cluster, under a name and with labels. */
export async function createJoinToken(client: GraphqlClient, cluster: Pick<DemoCluster, 'name' | 'labels'>): Promise<string> {
  const { joinTokenCreate } = await client.request<{ joinTokenCreate: Problems & { secret: string } }>(
    `mutation ($input: JoinTokenCreateInput!) { joinTokenCreate(input: $input) { secret userErrors { code message } } }`,
    { input: { name: cluster.name, labels: Object.entries(cluster.labels).map(([key, value]) => ({ key, value })) } },
  );
  refuseProblems(joinTokenCreate);
  return joinTokenCreate.secret;
}

/** By the clusters' uids: people may have renamed them. */
async function clusterStatuses(client: GraphqlClient): Promise<Map<string, string>> {
  const { organization } = await client.request<{ organization: { clusters: { nodes: { uid: string; status: string }[] } } }>(
    '{ organization { clusters(first: 100) { nodes { uid status } } } }',
  );
  return new Map(organization.clusters.nodes.map(({ uid, status }) => [uid, status]));
}
