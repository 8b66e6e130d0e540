import type { DocumentedPattern } from './compare-with-pattern.ts';
import { gatewayApiPatterns } from './documented/gateway-api.ts';
import { gatewayPatterns } from './documented/gateways.ts';
import { linkerdPatterns } from './documented/linkerd.ts';
import { observabilityPatterns } from './documented/observability.ts';
import { resiliencePatterns } from './documented/resilience.ts';
import { securityPatterns } from './documented/security.ts';
import { trafficPatterns } from './documented/traffic.ts';
import { tuningPatterns } from './documented/tuning.ts';

/** What the documentation of Istio, the Gateway API and Linkerd gives for the tasks of the presets. */
export const documentedPatterns: readonly DocumentedPattern[] = [...securityPatterns, ...trafficPatterns, ...resiliencePatterns, ...gatewayPatterns, ...observabilityPatterns, ...tuningPatterns, ...gatewayApiPatterns, ...linkerdPatterns];

/** Presets whose task no page gives a pattern for, and why they are right nevertheless. */
export const UNDOCUMENTED: Readonly<Record<string, string>> = {};
