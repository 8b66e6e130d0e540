import type { Preset } from '@meshfleet/manifest';
import { linkerdAccessLogs } from './linkerd-access-logs.ts';
import { linkerdAllowList } from './linkerd-allow-list.ts';
import { linkerdBlueGreen } from './linkerd-blue-green.ts';
import { linkerdCanary } from './linkerd-canary.ts';
import { linkerdCircuitBreaking } from './linkerd-circuit-breaking.ts';
import { linkerdCohorts } from './linkerd-cohorts.ts';
import { linkerdDefaultDeny } from './linkerd-default-deny.ts';
import { linkerdEgress } from './linkerd-egress.ts';
import { linkerdInjection } from './linkerd-injection.ts';
import { linkerdLocalRateLimit } from './linkerd-local-rate-limit.ts';
import { linkerdProxyResources } from './linkerd-proxy-resources.ts';
import { linkerdRetries } from './linkerd-retries.ts';
import { linkerdTimeouts } from './linkerd-timeouts.ts';

/** The presets for Linkerd meshes, in Linkerd's own kinds; those in the Gateway API's kinds stand beside Istio's. */
export const linkerdPresets: readonly Preset[] = [
  linkerdDefaultDeny,
  linkerdAllowList,
  linkerdCanary,
  linkerdBlueGreen,
  linkerdCohorts,
  linkerdTimeouts,
  linkerdRetries,
  linkerdLocalRateLimit,
  linkerdCircuitBreaking,
  linkerdEgress,
  linkerdInjection,
  linkerdProxyResources,
  linkerdAccessLogs,
];
