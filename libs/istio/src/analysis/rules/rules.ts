import type { Rule } from '../engine/rule.ts';
import { gatewaysConflict } from './overlaps/gateways-conflict.ts';
import { hostNotInGateway } from './overlaps/host-not-in-gateway.ts';
import { ineffectiveMatch } from './overlaps/ineffective-match.ts';
import { ingressWithoutSubset } from './overlaps/ingress-without-subset.ts';
import { meshHostConflict } from './overlaps/mesh-host-conflict.ts';
import { sidecarSelectorsConflict } from './overlaps/sidecar-selectors-conflict.ts';
import { sidecarsWithoutSelector } from './overlaps/sidecars-without-selector.ts';
import { telemetriesWithoutSelector } from './overlaps/telemetries-without-selector.ts';
import { telemetrySelectorsConflict } from './overlaps/telemetry-selectors-conflict.ts';
import { unreachableRule } from './overlaps/unreachable-rule.ts';
import { gatewayNotFound } from './references/gateway-not-found.ts';
import { hostNotFound } from './references/host-not-found.ts';
import { namespaceNotFound } from './references/namespace-not-found.ts';
import { selectorMatchesNothing } from './references/selector-matches-nothing.ts';
import { subsetNotFound } from './references/subset-not-found.ts';
import { schema } from './schema/schema.ts';

/** Every rule there is. A new rule is a file, and a line here. */
export const RULES: readonly Rule[] = [
  schema,
  hostNotFound,
  subsetNotFound,
  gatewayNotFound,
  selectorMatchesNothing,
  namespaceNotFound,
  meshHostConflict,
  sidecarSelectorsConflict,
  sidecarsWithoutSelector,
  unreachableRule,
  ineffectiveMatch,
  hostNotInGateway,
  ingressWithoutSubset,
  gatewaysConflict,
  telemetrySelectorsConflict,
  telemetriesWithoutSelector,
];
