import type { KubeObject } from '@meshfleet/model';
import { objectKeyOf } from '@meshfleet/model';
import { at, stringMap, text } from '../analysis/read-value.ts';
import { NOBODY, everyPodIn, type Reach } from './reach.ts';
import { reachOfRoute } from './reach-of-route.ts';

/** Whom an object of Linkerd's policy concerns: the pods of a Server, of a namespace, or the callers of a route. */
export function reachOfLinkerd(object: KubeObject): Reach {
  const { kind, namespace } = objectKeyOf(object);
  const spec = object['spec'];
  switch (kind) {
    case 'Server':
      return at(spec, 'podSelector') === undefined ? NOBODY : { ...NOBODY, workloads: [{ namespace, labels: stringMap(at(spec, 'podSelector', 'matchLabels')) }] };
    case 'AuthorizationPolicy':
    case 'HTTPLocalRateLimitPolicy':
      return reachOfTarget(at(spec, 'targetRef'), namespace);
    case 'ServerAuthorization': {
      const server = text(at(spec, 'server', 'name'));
      return server === undefined ? NOBODY : { ...NOBODY, through: [`Server.policy.linkerd.io/${namespace}/${server}`] };
    }
    case 'EgressNetwork':
      return everyPodIn(namespace);
    case 'HTTPRoute':
      return reachOfRoute(spec, namespace);
    default:
      return NOBODY;
  }
}

function reachOfTarget(target: unknown, namespace: string): Reach {
  const [kind, group, name] = [text(at(target, 'kind')), text(at(target, 'group')), text(at(target, 'name'))];
  if (kind === undefined || name === undefined) return NOBODY;
  return kind === 'Namespace' ? everyPodIn(name) : { ...NOBODY, through: [`${kind}.${group === undefined || group === '' ? 'policy.linkerd.io' : group}/${namespace}/${name}`] };
}
