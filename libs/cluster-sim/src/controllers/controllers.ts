import { serveDefinitions } from '../crd/serve-definitions.ts';
import type { CustomRegistry } from '../kinds/registry.ts';
import type { ControllerOptions, Controllers, StoreView } from '../seam.ts';
import { createAddressPlan } from './address-plan.ts';
import { bootstrap } from './bootstrap.ts';
import { clusterRoleAggregationController } from './cluster-role-aggregation.ts';
import type { Controller, ControllerContext } from './context.ts';
import { daemonSetController } from './daemon-set.ts';
import { deploymentController } from './deployment.ts';
import { disruptionBudgetController } from './disruption-budget.ts';
import { endpointsController } from './endpoints.ts';
import { garbageCollector } from './garbage-collector.ts';
import { jobController } from './job.ts';
import { loadBalancerController } from './load-balancer.ts';
import { namespaceDefaultsController } from './namespace-defaults.ts';
import { namespaceLifecycleController } from './namespace-lifecycle.ts';
import { createOwnerIndex } from './owner-index.ts';
import { podLifecycleController } from './pod-lifecycle.ts';
import { replicaSetController } from './replica-set.ts';
import { statefulSetController } from './stateful-set.ts';
import type { Stuck, WorkQueue } from './work-queue.ts';
import { createWorkQueue } from './work-queue.ts';

const CONTROLLERS: readonly ((context: ControllerContext) => Controller)[] = [
  namespaceLifecycleController, namespaceDefaultsController, clusterRoleAggregationController, garbageCollector,
  deploymentController, replicaSetController, statefulSetController, daemonSetController, jobController, podLifecycleController,
  endpointsController, disruptionBudgetController,
];

/** The controllers of a cluster, CRD serving and the objects that every cluster starts with. */
export function createControllers(options: ControllerOptions & { readonly registry: CustomRegistry }): Controllers & { stuck(): readonly Stuck[] } {
  let queue: WorkQueue | undefined;
  const unsubscribe: (() => void)[] = [];
  return {
    start(store: StoreView) {
      unsubscribe.push(serveDefinitions(options.registry, store, options.now));
      const context: ControllerContext = { options, store, owners: createOwnerIndex(), addresses: createAddressPlan(options.clusterName) };
      const existing = [...listEverything(options.registry, store)];
      for (const event of existing) context.owners.observe(event);
      const work = createWorkQueue([...CONTROLLERS, ...(options.cloud ? [loadBalancerController] : [])].map((create) => create(context)));
      queue = work;
      unsubscribe.push(
        store.subscribe((event) => {
          context.owners.observe(event);
          work.offer(event);
        }),
      );
      for (const event of existing) work.offer(event);
      bootstrap(context);
    },
    settle: () => queue?.settle() ?? Promise.resolve(),
    stuck: () => queue?.stuck() ?? [],
    stop() {
      for (const cancel of unsubscribe.splice(0)) cancel();
      queue?.stop();
    },
  };
}

/** What a cluster found in its data file, as if it had just been added: loops are level-triggered. */
function* listEverything(registry: CustomRegistry, store: StoreView) {
  const seen = new Set<string>();
  for (const info of registry.resources()) {
    if (info.version !== info.storageVersion || !info.verbs.includes('list') || seen.has(`${info.group}/${info.plural}`)) continue;
    seen.add(`${info.group}/${info.plural}`);
    for (const object of store.list(info)) yield { type: 'ADDED' as const, info, object };
  }
}
