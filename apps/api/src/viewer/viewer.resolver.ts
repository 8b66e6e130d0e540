import { Inject } from '@nestjs/common';
import { Query, ResolveField, Resolver } from '@nestjs/graphql';
import { listMemberships, type Store } from '@meshfleet/store';
import type { GraphqlContext } from '../graphql/context.ts';
import { STORE } from '../tokens.ts';

/** Who is signed in. It needs no organization: a person without one must be able to ask. */
@Resolver('Viewer')
export class ViewerResolver {
  readonly #store: Store;

  constructor(@Inject(STORE) store: Store) {
    this.#store = store;
  }

  @Query()
  viewer(_root: unknown, _args: unknown, { scope }: GraphqlContext) {
    const { principal } = scope;
    if (principal.kind === 'token') return { identity: principal.name, name: principal.name, email: null };
    return { identity: principal.identity, name: principal.name ?? null, email: principal.email ?? null };
  }

  @ResolveField()
  async memberships(_viewer: unknown, _args: unknown, { scope }: GraphqlContext) {
    const { principal } = scope;
    if (principal.kind === 'user') {
      const { identity } = principal;
      const rows = await this.#store.identityTransaction(identity, (sql) => listMemberships(sql, identity));
      return rows.map(({ slug, name, role }) => ({ organization: { slug, name }, role }));
    }
    const { organization, role } = await scope.access();
    return [{ organization: { slug: organization.slug, name: organization.name }, role }];
  }
}
