import type { WorkloadSpec } from '@meshfleet/cluster-real';
import { authorization } from './prove-authorization.ts';
import { balancing } from './prove-balancing.ts';
import { egressGateway } from './prove-egress-gateway.ts';
import { egress } from './prove-egress.ts';
import { gatewayApi } from './prove-gateway-api.ts';
import { ingress } from './prove-ingress.ts';
import { injection } from './prove-injection.ts';
import { mutualTls } from './prove-mutual-tls.ts';
import { GLOBAL_LIMIT, rateLimits } from './prove-rate-limits.ts';
import { resilience } from './prove-resilience.ts';
import { splitting } from './prove-splitting.ts';
import { telemetry } from './prove-telemetry.ts';
import { tokens } from './prove-tokens.ts';
import { trialAuthorization } from './prove-trial-authorization.ts';
import { tuning } from './prove-tuning.ts';
import type { PresetProof } from './stage.ts';

/** Proofs that follow one another in a namespace of their own, beside those of other tracks. */
export interface Track {
  readonly namespace: string;
  readonly proofs: readonly PresetProof[];
  /** Beside the service echo and its callers. */
  readonly workloads?: readonly Omit<WorkloadSpec, 'namespace'>[];
  /** Drain of its proxies, where it is not the bed's. */
  readonly drain?: string;
}

export const TRACKS: readonly Track[] = [
  // The longest first: it waits for Istio's own drain.
  {
    namespace: 'identity',
    proofs: [mutualTls],
    workloads: [{ name: 'bare', labels: { 'sidecar.istio.io/inject': 'false' } }, { name: 'ports', morePorts: [9090, 9091] }],
    drain: '45s',
  },
  {
    namespace: 'traffic',
    proofs: [splitting, balancing, gatewayApi, tuning],
    workloads: [['eu', 'eu-a'], ['eu', 'eu-b'], ['us', 'us-a']].map(([region = '', zone = '']) => ({ name: `geo-${zone}`, app: 'geo', version: region === 'eu' ? zone : region, region, zone })),
  },
  { namespace: 'access', proofs: [authorization, tokens, trialAuthorization, egress] },
  { namespace: 'resilience', proofs: [resilience, rateLimits, telemetry], workloads: [{ name: 'limits', rateLimit: GLOBAL_LIMIT }] },
  { namespace: 'edge', proofs: [ingress, egressGateway, injection] },
];

/** Presets that a proof shows at work. */
export const PROVED: readonly string[] = [...new Set(TRACKS.flatMap(({ proofs }) => proofs.flatMap(({ presets }) => presets)))];
