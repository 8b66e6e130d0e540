import { Inject } from '@nestjs/common';
import { Resolver, Subscription } from '@nestjs/graphql';
import { clusterById } from '../cluster/cluster-loaders.ts';
import { clusterView } from '../cluster/cluster-view.ts';
import type { GraphqlContext } from '../graphql/context.ts';
import { rowId } from '../graphql/global-id.ts';
import { policyById } from '../policy/policy-loaders.ts';
import { policyView } from '../policy/policy-view.ts';
import { rolloutById } from '../rollout/rollout-loaders.ts';
import { rolloutView } from '../rollout/rollout-view.ts';
import { ChangeFeed } from './change-feed.ts';
import { watchChanges } from './watch-changes.ts';

@Resolver()
export class ChangesResolver {
  readonly #feed: ChangeFeed;

  constructor(@Inject(ChangeFeed) feed: ChangeFeed) {
    this.#feed = feed;
  }

  @Subscription()
  async clusterChanged(_root: unknown, args: { id?: string | null }, context: GraphqlContext) {
    const id = typeof args.id === 'string' ? rowId('Cluster', args.id, ['id']) : undefined;
    return watchChanges(context, this.#feed, {
      field: 'clusterChanged',
      kind: 'clusters',
      id,
      load: async (scope, changed) => {
        const row = await clusterById(scope, changed);
        return row === undefined ? undefined : clusterView(row);
      },
    });
  }

  @Subscription()
  async policyChanged(_root: unknown, args: { id?: string | null }, context: GraphqlContext) {
    const id = typeof args.id === 'string' ? rowId('Policy', args.id, ['id']) : undefined;
    return watchChanges(context, this.#feed, {
      field: 'policyChanged',
      kind: 'policies',
      id,
      load: async (scope, changed) => {
        const row = await policyById(scope, changed);
        return row === undefined ? undefined : policyView(row);
      },
    });
  }

  @Subscription()
  async rolloutChanged(_root: unknown, args: { id?: string | null }, context: GraphqlContext) {
    const id = typeof args.id === 'string' ? rowId('Rollout', args.id, ['id']) : undefined;
    return watchChanges(context, this.#feed, {
      field: 'rolloutChanged',
      kind: 'rollouts',
      id,
      load: async (scope, changed) => {
        const row = await rolloutById(scope, changed);
        return row === undefined ? undefined : rolloutView(row);
      },
    });
  }
}
