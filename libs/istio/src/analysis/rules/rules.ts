import type { Rule } from '../engine/rule.ts';
import { misusedReplace, misusedAdd, misusedRemove } from './envoy-filter/misused-operation.ts';
import { relativeOperation, relativeOperationWithVersion } from './envoy-filter/relative-operation.ts';
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
import { twoPolicies } from './policies/two-policies.ts';
import { gatewayNotFound } from './references/gateway-not-found.ts';
import { hostNotFound } from './references/host-not-found.ts';
import { namespaceNotFound } from './references/namespace-not-found.ts';
import { routeReferenceNotFound } from './references/route-reference-not-found.ts';
import { selectorMatchesNothing } from './references/selector-matches-nothing.ts';
import { subsetNotFound } from './references/subset-not-found.ts';
import { deprecatedField } from './schema/deprecated-field.ts';
import { deprecated } from './schema/deprecated.ts';
import { schema } from './schema/schema.ts';
import { denyWithoutIngress } from './security/deny-without-ingress.ts';
import { denyWithoutProbes } from './security/deny-without-probes.ts';
import { dryRunEnforced } from './security/dry-run-enforced.ts';
import { layerSevenAtZtunnel } from './security/layer-seven-at-ztunnel.ts';
import { mutualTlsConflict } from './security/mutual-tls-conflict.ts';
import { policyMatchesNothing } from './security/policy-matches-nothing.ts';
import { serverNotVerified, portServerNotVerified } from './security/server-not-verified.ts';
import { entryNeedsAddress } from './services/entry-needs-address.ts';
import { portName } from './services/port-name.ts';
import { portRequired } from './services/port-required.ts';
import { noLogProvider } from './telemetry/no-log-provider.ts';
import { failoverWithoutOutliers } from './traffic/failover-without-outliers.ts';
import { faultPastItsEnd } from './traffic/fault-past-its-end.ts';
import { retriesPastTimeout } from './traffic/retries-past-timeout.ts';
import { weights } from './traffic/weights.ts';
import { injectionLabels } from './workloads/injection-labels.ts';
import { proxyUser } from './workloads/proxy-user.ts';

/** Every rule there is. A new rule is a file, and a line here. */
export const RULES: readonly Rule[] = [
  deprecatedField,
  deprecated,
  schema,
  gatewayNotFound,
  hostNotFound,
  namespaceNotFound,
  routeReferenceNotFound,
  selectorMatchesNothing,
  subsetNotFound,
  gatewaysConflict,
  hostNotInGateway,
  ineffectiveMatch,
  ingressWithoutSubset,
  meshHostConflict,
  sidecarSelectorsConflict,
  sidecarsWithoutSelector,
  telemetriesWithoutSelector,
  telemetrySelectorsConflict,
  unreachableRule,
  entryNeedsAddress,
  portName,
  portRequired,
  denyWithoutIngress,
  denyWithoutProbes,
  dryRunEnforced,
  layerSevenAtZtunnel,
  mutualTlsConflict,
  policyMatchesNothing,
  serverNotVerified,
  portServerNotVerified,
  injectionLabels,
  proxyUser,
  misusedReplace,
  misusedAdd,
  misusedRemove,
  relativeOperation,
  relativeOperationWithVersion,
  noLogProvider,
  failoverWithoutOutliers,
  faultPastItsEnd,
  retriesPastTimeout,
  weights,
  twoPolicies,
];
