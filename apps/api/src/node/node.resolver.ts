import { Query, ResolveField, Resolver } from '@nestjs/graphql';
import { apiTokenById, apiTokenView } from '../api-token/api-token-view.ts';
import { clusterById } from '../cluster/cluster-loaders.ts';
import { clusterView } from '../cluster/cluster-view.ts';
import { desiredStateOf } from '../desired-state/desired-state-view.ts';
import { freezeById, freezeView } from '../freeze/freeze-view.ts';
import type { GraphqlContext } from '../graphql/context.ts';
import { parseGlobalId, type GlobalId } from '../graphql/global-id.ts';
import { joinTokenView } from '../join-token/join-token-view.ts';
import { joinTokenById } from '../join-token/list-join-tokens.ts';
import { organizationView } from '../organization/organization-view.ts';
import { policyById } from '../policy/policy-loaders.ts';
import { policyView } from '../policy/policy-view.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { rolloutById } from '../rollout/rollout-loaders.ts';
import { rolloutView } from '../rollout/rollout-view.ts';

/** Any object by its global id: null when it does not exist, or is not of the request's organization. */
@Resolver('Node')
export class NodeResolver {
  @Query()
  async node(_root: unknown, args: { id: string }, { scope }: GraphqlContext) {
    // Whoever may not read learns so, and not that there is nothing.
    await scope.read();
    const id = parseGlobalId(args.id);
    return id === undefined ? null : find(scope, id);
  }

  @ResolveField('__resolveType')
  resolveType(node: { __typename: string }): string {
    return node.__typename;
  }
}

async function find(scope: RequestScope, { type, id, revision }: GlobalId) {
  switch (type) {
    case 'Organization': {
      const { organization } = await scope.access();
      return organization.id === id ? organizationView(organization, scope) : null;
    }
    case 'Cluster':
      return shown(await clusterById(scope, id), clusterView);
    case 'Policy':
      return shown(await policyById(scope, id), policyView);
    case 'DesiredState':
      return desiredStateOf(scope, id, revision ?? 0);
    case 'JoinToken':
      return shown(await joinTokenById(scope, id), (row) => joinTokenView(row, new Date()));
    case 'ApiToken':
      return shown(await apiTokenById(scope, id), apiTokenView);
    case 'Rollout':
      return shown(await rolloutById(scope, id), rolloutView);
    case 'Freeze':
      return shown(await freezeById(scope, id), freezeView);
  }
}

function shown<R, V>(row: R | undefined, view: (row: R) => V): V | null {
  return row === undefined ? null : view(row);
}
