import type { KubeObject } from '@meshfleet/model';
import { at, mapAt } from '../kinds/field.ts';
import { labelsMatch } from '../kinds/label-selector.ts';
import type { Controller, ControllerContext } from './context.ts';
import { infoOf, isKind, keyOf, mergeConditions, nowText, splitKey, writeStatus } from './context.ts';
import { isActive, isReady } from './pod-template.ts';
import { conditionsOf } from './replica-set.ts';

/** PodDisruptionBudgets learn how many of their pods may be evicted right now. */
export function disruptionBudgetController(context: ControllerContext): Controller {
  const budgets = infoOf(context, 'policy', 'poddisruptionbudgets');
  const pods = infoOf(context, '', 'pods');
  return {
    name: 'disruption',
    keysOf(event) {
      if (isKind(event, 'policy', 'poddisruptionbudgets')) return [keyOf(event.object)];
      if (!isKind(event, '', 'pods')) return [];
      return context.store.list(budgets, event.object.metadata.namespace).filter((budget) => labelsMatch(mapAt(budget, 'spec', 'selector'), event.object.metadata.labels ?? {})).map(keyOf);
    },
    reconcile(key) {
      const { namespace, name } = splitKey(key);
      const budget = context.store.get(budgets, namespace, name);
      if (budget === undefined) return;
      const members = context.store.list(pods, namespace).filter((pod) => isActive(pod) && labelsMatch(mapAt(budget, 'spec', 'selector'), pod.metadata.labels ?? {}));
      const healthy = members.filter(isReady).length;
      const desired = desiredHealthy(budget, members.length);
      const allowed = Math.max(0, healthy - desired);
      const state = allowed > 0 ? { status: 'True' as const, reason: 'SufficientPods' } : { status: 'False' as const, reason: 'InsufficientPods' };
      writeStatus(context, budgets, budget, {
        currentHealthy: healthy,
        desiredHealthy: desired,
        disruptionsAllowed: allowed,
        expectedPods: members.length,
        observedGeneration: budget.metadata.generation ?? 1,
        conditions: mergeConditions(conditionsOf(budget), [{ type: 'DisruptionAllowed', message: '', ...state }], nowText(context)),
      });
    },
  };
}

function desiredHealthy(budget: KubeObject, expected: number): number {
  const minimum = at(budget, 'spec', 'minAvailable');
  if (minimum !== undefined) return scaled(minimum, expected);
  const unavailable = at(budget, 'spec', 'maxUnavailable');
  return unavailable === undefined ? expected : Math.max(0, expected - scaled(unavailable, expected));
}

/** Percentages round up, as Kubernetes rounds both bounds of a budget. */
function scaled(value: unknown, total: number): number {
  if (typeof value === 'number') return value;
  const percent = Number.parseFloat(String(value));
  return Number.isNaN(percent) ? 0 : Math.ceil((percent / 100) * total);
}
