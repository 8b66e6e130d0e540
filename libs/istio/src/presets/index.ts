import type { Preset } from '@meshfleet/manifest';
import { allowList } from './security/allow-list.ts';
import { auditOnlyAuthorization } from './security/audit-only-authorization.ts';
import { defaultDeny } from './security/default-deny.ts';
import { denyList } from './security/deny-list.ts';
import { dryRunAuthorization } from './security/dry-run-authorization.ts';
import { mutualTlsMigration } from './security/mutual-tls-migration.ts';
import { perPortMutualTls } from './security/per-port-mutual-tls.ts';
import { permissiveMutualTls } from './security/permissive-mutual-tls.ts';
import { strictMutualTls } from './security/strict-mutual-tls.ts';
import { waypointOnly } from './security/waypoint-only.ts';
import { resiliencePresets } from './resilience/index.ts';
import { trafficPresets } from './traffic/index.ts';

/** The presets for Istio meshes, those in the Gateway API's kinds included. */
export const istioPresets: readonly Preset[] = [
  allowList,
  auditOnlyAuthorization,
  defaultDeny,
  denyList,
  dryRunAuthorization,
  mutualTlsMigration,
  perPortMutualTls,
  permissiveMutualTls,
  strictMutualTls,
  waypointOnly,
  ...trafficPresets,
  ...resiliencePresets,
];
