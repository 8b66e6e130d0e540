import type { Problem } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import type { Resource } from '../../input/resource.ts';
import { at, list, record } from '../../read-value.ts';
import { destinationRuleOf } from '../../views/destination-rule.ts';
import { virtualServiceOf } from '../../views/virtual-service.ts';

/** What istiod's validation webhook refuses although the schemas of the definitions allow it. */
export function webhookProblems(subject: Resource): readonly Problem[] {
  return CHECKS[subject.kind]?.(subject) ?? [];
}

const CHECKS: Readonly<Record<string, (subject: Resource) => readonly Problem[]>> = {
  [KIND.DestinationRule]: destinationRule,
  [KIND.VirtualService]: virtualService,
};

function destinationRule(subject: Resource): readonly Problem[] {
  return destinationRuleOf(subject).policies.flatMap(({ path, body }) => {
    const locality = record(at(body, 'loadBalancer', 'localityLbSetting'));
    const set = ['distribute', 'failover', 'failoverPriority'].filter((field) => locality?.[field] !== undefined);
    return set.includes('distribute') && set.length > 1 ? [{ path: `${path}.loadBalancer.localityLbSetting`, message: `${set.join(' and ')} cannot be set together`, fix: 'Keep one of them: distribute splits traffic by weights, failover moves it when endpoints fail.' }] : [];
  });
}

function virtualService(subject: Resource): readonly Problem[] {
  const { hosts, gateways, routes } = virtualServiceOf(subject);
  const problems: Problem[] = [];
  if (gateways.includes('mesh') && hosts.includes('*')) problems.push({ path: `spec.hosts[${hosts.indexOf('*')}]`, message: 'The host * is for gateways alone, and this VirtualService is for sidecars too', fix: 'Name the hosts, or bind it to a gateway alone.' });
  for (const { path, protocol, body, destinations } of routes) {
    const targets = destinations.filter(({ role }) => role === 'route');
    if (targets.length > 1 && targets.every(({ weight }) => (weight ?? 0) === 0)) problems.push({ path: `${path}.route`, message: 'The weights of several destinations add up to 0', fix: 'Give each destination a weight; together they should be 100.' });
    if (protocol === 'http' && list(body['route']).length === 0 && ['redirect', 'directResponse', 'delegate'].every((field) => body[field] === undefined)) problems.push({ path, message: 'The route leads nowhere: it has no destination, redirect, direct response or delegate', fix: 'Add one of them.' });
  }
  return problems;
}
