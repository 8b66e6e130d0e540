import { Inject } from '@nestjs/common';
import { Mutation, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { webhookKeyOf, type Custody } from '@meshfleet/pki';
import type { RolloutStatus } from '@meshfleet/planner';
import { readOrganization, type Store } from '@meshfleet/store';
import { listAuditEventsOf } from '../audit/list-audit-events.ts';
import { includesRole } from '../auth/principal.ts';
import { listClustersOf } from '../cluster/list-clusters.ts';
import type { ApiConfig } from '../config/parse-config.ts';
import { listFreezesOf } from '../freeze/freeze-view.ts';
import type { ConnectionArgs } from '../graphql/connection.ts';
import type { GraphqlContext } from '../graphql/context.ts';
import { mutate, userErrorsOf } from '../graphql/mutate.ts';
import { listJoinTokensOf } from '../join-token/list-join-tokens.ts';
import { listPoliciesOf } from '../policy/list-policies.ts';
import { OrganizationFinder } from '../request/organization-finder.ts';
import { listRolloutsOf } from '../rollout/list-rollouts.ts';
import { CONFIG, CUSTODY, STORE } from '../tokens.ts';
import { createOrganization } from './create-organization.ts';
import { organizationView, type OrganizationView } from './organization-view.ts';
import { resumeOrganization } from './resume-organization.ts';

@Resolver('Organization')
export class OrganizationResolver {
  readonly #store: Store;
  readonly #custody: Custody;
  readonly #finder: OrganizationFinder;
  readonly #config: ApiConfig;

  constructor(@Inject(STORE) store: Store, @Inject(CUSTODY) custody: Custody, @Inject(OrganizationFinder) finder: OrganizationFinder, @Inject(CONFIG) config: ApiConfig) {
    this.#store = store;
    this.#custody = custody;
    this.#finder = finder;
    this.#config = config;
  }

  @Query()
  async organization(_root: unknown, _args: unknown, { scope }: GraphqlContext) {
    return organizationView((await scope.access()).organization, scope);
  }

  @ResolveField()
  clusters({ scope }: OrganizationView, args: ConnectionArgs & { filter?: unknown }) {
    return listClustersOf(scope, args);
  }

  @ResolveField()
  policies({ scope }: OrganizationView, args: ConnectionArgs & { filter?: { text?: string | null } | null }) {
    return listPoliciesOf(scope, args);
  }

  @ResolveField()
  joinTokens({ scope }: OrganizationView, args: ConnectionArgs) {
    return listJoinTokensOf(scope, args);
  }

  @ResolveField()
  rollouts({ scope }: OrganizationView, args: ConnectionArgs & { status?: RolloutStatus[] | null }) {
    return listRolloutsOf(scope, args);
  }

  @ResolveField()
  freezes({ scope }: OrganizationView, args: ConnectionArgs & { open?: boolean | null }) {
    return listFreezesOf(scope, args);
  }

  @ResolveField()
  async webhookSigningKey({ scope }: OrganizationView) {
    const { role, organizationId } = await scope.access();
    return includesRole(role, 'ADMIN') ? webhookKeyOf(this.#config.key, organizationId) : null;
  }

  @ResolveField()
  auditEvents({ scope }: OrganizationView, args: ConnectionArgs) {
    return listAuditEventsOf(scope, args);
  }

  @Mutation()
  async organizationCreate(_root: unknown, args: { input: unknown }, { scope }: GraphqlContext) {
    const { principal } = scope;
    try {
      const organizationId = await createOrganization({ store: this.#store, custody: this.#custody }, principal, args.input);
      if (principal.kind === 'user') this.#finder.forget(principal.identity);
      // The request may be about another organization, or none: the new one is read through a scope of its own.
      const row = await this.#store.transaction(organizationId, readOrganization, { readOnly: true });
      return { organization: organizationView(row, scope.within(row.slug)), userErrors: [] };
    } catch (error) {
      return { organization: null, userErrors: userErrorsOf(error) };
    }
  }

  @Mutation()
  async organizationResume(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    const { answer, userErrors } = await mutate(context, resumeOrganization, args.input);
    const row = answer === undefined ? null : await readOrganization(await context.scope.read());
    return { organization: row === null ? null : organizationView(row, context.scope), userErrors };
  }
}
