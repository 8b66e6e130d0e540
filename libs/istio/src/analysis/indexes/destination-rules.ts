import { defineIndex } from '../engine/index-of.ts';
import { fullHost } from '../hosts.ts';
import { KIND } from '../input/kinds.ts';
import type { Resource } from '../input/resource.ts';
import { destinationRuleOf } from '../views/destination-rule.ts';
import type { DestinationRuleView } from '../views/destination-rule.ts';

export interface RuleEntry {
  readonly resource: Resource;
  readonly view: DestinationRuleView;
}

/** Key: the full host of a DestinationRule. */
export const destinationRules = defineIndex<RuleEntry>({
  name: 'destination rules by host',
  of: [KIND.DestinationRule],
  *entries(resource, { clusterDomain }) {
    if (resource.spec === undefined) return;
    const view = destinationRuleOf(resource);
    yield [fullHost(view.host, resource.namespace, clusterDomain), { resource, view }];
  },
});
