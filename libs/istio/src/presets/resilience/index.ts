import type { Preset } from '@meshfleet/manifest';
import { circuitBreaking } from './circuit-breaking.ts';
import { faultInjection } from './fault-injection.ts';
import { gatewayApiRetries } from './gateway-api-retries.ts';
import { gatewayApiTimeouts } from './gateway-api-timeouts.ts';
import { globalRateLimit } from './global-rate-limit.ts';
import { localRateLimit } from './local-rate-limit.ts';
import { regionFailover } from './region-failover.ts';
import { requestTimeouts } from './request-timeouts.ts';
import { retries } from './retries.ts';

export const resiliencePresets: readonly Preset[] = [regionFailover, circuitBreaking, retries, requestTimeouts, faultInjection, localRateLimit, globalRateLimit, gatewayApiTimeouts, gatewayApiRetries];
