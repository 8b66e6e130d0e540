import type { Preset } from '@meshfleet/manifest';
import { egressGateway } from './egress-gateway.ts';
import { gatewayApiIngress } from './gateway-api-ingress.ts';
import { gatewayApiWaypoint } from './gateway-api-waypoint.ts';
import { ingressGateway } from './ingress-gateway.ts';

export const gatewayPresets: readonly Preset[] = [ingressGateway, gatewayApiIngress, egressGateway, gatewayApiWaypoint];
