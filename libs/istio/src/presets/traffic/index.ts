import type { Preset } from '@meshfleet/manifest';
import { abTest } from './ab-test.ts';
import { blueGreen } from './blue-green.ts';
import { consistentHash } from './consistent-hash.ts';
import { gatewayApiBlueGreen } from './gateway-api-blue-green.ts';
import { gatewayApiCanary } from './gateway-api-canary.ts';
import { gatewayApiCohorts } from './gateway-api-cohorts.ts';
import { gatewayApiMirroring } from './gateway-api-mirroring.ts';
import { leastRequest } from './least-request.ts';
import { localityBalancing } from './locality-balancing.ts';
import { roundRobin } from './round-robin.ts';
import { trafficMirroring } from './traffic-mirroring.ts';
import { weightedCanary } from './weighted-canary.ts';

export const trafficPresets: readonly Preset[] = [weightedCanary, blueGreen, abTest, trafficMirroring, leastRequest, roundRobin, consistentHash, localityBalancing, gatewayApiCanary, gatewayApiBlueGreen, gatewayApiCohorts, gatewayApiMirroring];
