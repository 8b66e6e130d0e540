import { defineRule } from '../../engine/rule.ts';
import type { Problem, Rule } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import type { Resource } from '../../input/resource.ts';
import { envoyFilterOf, isMisused } from '../../views/envoy-filter.ts';

const WHY = 'istiod does nothing with such a patch, and says nothing.';

/** REPLACE where there is nothing to be replaced. */
export const misusedReplace = misused('REPLACE', 'IST0152', 'EnvoyFilterUsesReplaceOperationIncorrectly', 'CLUSTER', 'Use MERGE, or apply it to HTTP_FILTER, NETWORK_FILTER or VIRTUAL_HOST.');

/** ADD where nothing can be added. */
export const misusedAdd = misused('ADD', 'IST0153', 'EnvoyFilterUsesAddOperationIncorrectly', 'ROUTE_CONFIGURATION', 'Use MERGE.');

/** REMOVE where nothing can be removed. */
export const misusedRemove = misused('REMOVE', 'IST0154', 'EnvoyFilterUsesRemoveOperationIncorrectly', 'HTTP_ROUTE', 'Remove the route where it is made, or use MERGE.');

function misused(operation: string, code: string, name: string, exampleTarget: string, fix: string): Rule {
  return defineRule({
    code,
    name,
    severity: 'ERROR',
    title: `${operation} does nothing here`,
    why: WHY,
    fix,
    example: `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: patch, namespace: shop}
spec:
  priority: 10
  configPatches: [{applyTo: ${exampleTarget}, patch: {operation: ${operation}, value: {name: shop}}}]
`,
    on: [KIND.EnvoyFilter],
    reads: {},
    *evaluate(subject: Resource): Generator<Problem> {
      for (const patch of envoyFilterOf(subject).patches) {
        if (patch.operation === operation && isMisused(patch)) yield { path: `${patch.path}.patch.operation`, message: `${operation} has no effect on ${patch.applyTo}` };
      }
    },
  });
}
