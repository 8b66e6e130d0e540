import type { Problem } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import type { Resource } from '../../input/resource.ts';
import { at, record } from '../../read-value.ts';
import { destinationRuleOf } from '../../views/destination-rule.ts';

/** What istiod's validation webhook refuses although the schemas of the definitions allow it. */
export function webhookProblems(subject: Resource): readonly Problem[] {
  return CHECKS[subject.kind]?.(subject) ?? [];
}

const CHECKS: Readonly<Record<string, (subject: Resource) => readonly Problem[]>> = {
  [KIND.DestinationRule]: destinationRule,
};

function destinationRule(subject: Resource): readonly Problem[] {
  return destinationRuleOf(subject).policies.flatMap(({ path, body }) => {
    const locality = record(at(body, 'loadBalancer', 'localityLbSetting'));
    const set = ['distribute', 'failover', 'failoverPriority'].filter((field) => locality?.[field] !== undefined);
    return set.includes('distribute') && set.length > 1 ? [{ path: `${path}.loadBalancer.localityLbSetting`, message: `${set.join(' and ')} cannot be set together`, fix: 'Keep one of them: distribute splits traffic by weights, failover moves it when endpoints fail.' }] : [];
  });
}
