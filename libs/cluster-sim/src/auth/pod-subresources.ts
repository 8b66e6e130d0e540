import type { KubeObject } from '@meshfleet/model';
import { at, listAt, mapAt, numberAt, textAt, thaw } from '../kinds/field.ts';
import { labelsMatch } from '../kinds/label-selector.ts';
import type { AuthOptions, UserInfo, VirtualResource } from '../seam.ts';
import { badRequest, conflict, notFound, StatusError } from '../server/status-error.ts';

const PODS = { group: '', plural: 'pods' };
/** Binding is the one way to set a pod's node after it was made; admission lets this user do it. */
export const SCHEDULER: UserInfo = { name: 'system:kube-scheduler', groups: ['system:authenticated'] };
const SUCCESS = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

/** `pods/eviction`: a delete that asks the pod's disruption budgets first. */
export function createEviction(options: AuthOptions): VirtualResource {
  return {
    handle(request) {
      const info = options.registry.find('', 'v1', 'pods');
      const pod = info && options.store.get(info, request.namespace, request.name ?? '');
      if (info === undefined || pod === undefined) throw notFound(PODS, request.name ?? '');
      const budgets = options.registry.find('policy', 'v1', 'poddisruptionbudgets');
      const guards = (budgets === undefined ? [] : options.store.list(budgets, request.namespace)).filter((budget) =>
        labelsMatch(mapAt(budget, 'spec', 'selector'), pod.metadata.labels ?? {}),
      );
      const exhausted = guards.find((budget) => (numberAt(budget, 'status', 'disruptionsAllowed') ?? 0) <= 0);
      if (exhausted) throw overBudget(exhausted);
      if (!request.dryRun) options.store.write.delete(info, request.namespace, request.name ?? '', deleteOptionsOf(request.body));
      return Promise.resolve({ ...SUCCESS });
    },
  };
}

/** The 429 of a budget names the budget, and no time to wait. */
function overBudget(budget: KubeObject): StatusError {
  const status = mapAt(budget, 'status');
  const why = `The disruption budget ${budget.metadata.name ?? ''} needs ${numberAt(status, 'desiredHealthy') ?? 0} healthy pods and has ${numberAt(status, 'currentHealthy') ?? 0} currently`;
  return new StatusError({
    code: 429,
    reason: 'TooManyRequests',
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    details: { causes: [{ reason: 'DisruptionBudget', message: why }] },
  });
}

/** `pods/binding`: what a scheduler of the user's own writes. */
export function createBinding(options: AuthOptions): VirtualResource {
  return {
    handle(request) {
      const name = request.name ?? request.body.metadata.name ?? '';
      const info = options.registry.find('', 'v1', 'pods');
      const pod = info && options.store.get(info, request.namespace, name);
      if (info === undefined || pod === undefined) throw notFound(PODS, name);
      const node = textAt(request.body, 'target', 'name') ?? '';
      if (node === '') throw badRequest('target.name: Required value');
      const current = textAt(pod, 'spec', 'nodeName') ?? '';
      if (current !== '') throw conflict({ group: '', plural: 'pods/binding' }, name, `pod ${name} is already assigned to node ${JSON.stringify(current)}`);
      if (!request.dryRun) {
        const bound = thaw(pod);
        options.store.write.update(info, { ...bound, spec: { ...mapAt(bound, 'spec'), nodeName: node } }, { user: SCHEDULER, manager: 'kube-scheduler' });
      }
      return Promise.resolve({ ...SUCCESS });
    },
  };
}

function deleteOptionsOf(body: unknown): { gracePeriodSeconds?: number } {
  const seconds = at(body, 'deleteOptions', 'gracePeriodSeconds');
  const preconditions = listAt(body, 'deleteOptions', 'preconditions');
  return typeof seconds === 'number' && preconditions.length === 0 ? { gracePeriodSeconds: seconds } : {};
}
