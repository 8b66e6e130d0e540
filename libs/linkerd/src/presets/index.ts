import type { Preset } from '@meshfleet/manifest';
import { linkerdAllowList } from './linkerd-allow-list.ts';
import { linkerdCanary } from './linkerd-canary.ts';
import { linkerdCircuitBreaking } from './linkerd-circuit-breaking.ts';
import { linkerdDefaultDeny } from './linkerd-default-deny.ts';
import { linkerdEgress } from './linkerd-egress.ts';
import { linkerdLocalRateLimit } from './linkerd-local-rate-limit.ts';
import { linkerdRetries } from './linkerd-retries.ts';
import { linkerdTimeouts } from './linkerd-timeouts.ts';

/** The presets for Linkerd meshes, in Linkerd's own kinds; those in the Gateway API's kinds stand beside Istio's. */
export const linkerdPresets: readonly Preset[] = [
  linkerdDefaultDeny,
  linkerdAllowList,
  linkerdCanary,
  linkerdTimeouts,
  linkerdRetries,
  linkerdLocalRateLimit,
  linkerdCircuitBreaking,
  linkerdEgress,
];
