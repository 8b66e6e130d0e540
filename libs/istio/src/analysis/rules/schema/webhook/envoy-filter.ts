import type { Problem } from '../../../engine/rule.ts';
import type { Resource } from '../../../input/resource.ts';
import { at } from '../../../read-value.ts';
import { envoyFilterOf } from '../../../views/envoy-filter.ts';

/** The match that goes with what a patch is applied to. */
const MATCH_OF: Readonly<Record<string, string>> = {
  CLUSTER: 'cluster',
  LISTENER: 'listener',
  FILTER_CHAIN: 'listener',
  LISTENER_FILTER: 'listener',
  NETWORK_FILTER: 'listener',
  HTTP_FILTER: 'listener',
  ROUTE_CONFIGURATION: 'routeConfiguration',
  VIRTUAL_HOST: 'routeConfiguration',
  HTTP_ROUTE: 'routeConfiguration',
};

export function* envoyFilterProblems(subject: Resource): Generator<Problem> {
  for (const { path, applyTo, operation, body } of envoyFilterOf(subject).patches) {
    if (applyTo === 'INVALID') {
      yield { path: `${path}.applyTo`, message: 'The patch does not say what it is applied to', fix: 'Set applyTo.' };
      continue;
    }
    if (operation === 'INVALID') {
      yield { path: `${path}.patch.operation`, message: 'The patch has no operation', fix: 'Set patch.operation.' };
      continue;
    }
    if (operation !== 'REMOVE' && at(body, 'patch', 'value') === undefined) yield { path: `${path}.patch.value`, message: `${operation} needs a value`, fix: 'Set patch.value.' };
    const fitting = MATCH_OF[applyTo];
    for (const match of ['cluster', 'listener', 'routeConfiguration']) {
      if (fitting !== undefined && match !== fitting && at(body, 'match', match) !== undefined) yield { path: `${path}.match.${match}`, message: `${applyTo} cannot be chosen by ${match}`, fix: `Use match.${fitting}.` };
    }
  }
}
