import type { Problem } from '../../../engine/rule.ts';
import { KIND } from '../../../input/kinds.ts';
import type { Resource } from '../../../input/resource.ts';
import { authorizationPolicyProblems } from './authorization-policy.ts';
import { destinationRuleProblems } from './destination-rule.ts';
import { envoyFilterProblems } from './envoy-filter.ts';
import { gatewayProblems } from './gateway.ts';
import { serviceEntryProblems } from './service-entry.ts';
import { sidecarProblems } from './sidecar.ts';
import { virtualServiceProblems } from './virtual-service.ts';

/** What istiod's validation webhook refuses although the schemas of the definitions allow it; told by trying istioctl 1.29. */
export function* webhookProblems(subject: Resource): Generator<Problem> {
  const check = CHECKS[subject.kind];
  if (check !== undefined) yield* check(subject);
}

const CHECKS: Readonly<Record<string, (subject: Resource) => Iterable<Problem>>> = {
  [KIND.AuthorizationPolicy]: authorizationPolicyProblems,
  [KIND.DestinationRule]: destinationRuleProblems,
  [KIND.EnvoyFilter]: envoyFilterProblems,
  [KIND.Gateway]: gatewayProblems,
  [KIND.ServiceEntry]: serviceEntryProblems,
  [KIND.Sidecar]: sidecarProblems,
  [KIND.VirtualService]: virtualServiceProblems,
};
