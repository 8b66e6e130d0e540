import type { Preset } from '@meshfleet/manifest';
import { allowList } from './allow-list.ts';
import { auditOnlyAuthorization } from './audit-only-authorization.ts';
import { claimBasedAccess } from './claim-based-access.ts';
import { defaultDeny } from './default-deny.ts';
import { denyList } from './deny-list.ts';
import { dryRunAuthorization } from './dry-run-authorization.ts';
import { egressLockdown } from './egress-lockdown.ts';
import { jwtAuthentication } from './jwt-authentication.ts';
import { mutualTlsMigration } from './mutual-tls-migration.ts';
import { perPortMutualTls } from './per-port-mutual-tls.ts';
import { permissiveMutualTls } from './permissive-mutual-tls.ts';
import { strictMutualTls } from './strict-mutual-tls.ts';
import { waypointOnly } from './waypoint-only.ts';

export const securityPresets: readonly Preset[] = [
  strictMutualTls,
  permissiveMutualTls,
  perPortMutualTls,
  mutualTlsMigration,
  defaultDeny,
  allowList,
  denyList,
  jwtAuthentication,
  claimBasedAccess,
  dryRunAuthorization,
  auditOnlyAuthorization,
  waypointOnly,
  egressLockdown,
];
