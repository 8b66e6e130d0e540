import type { Custody } from '@meshfleet/pki';
import type { Store } from '@meshfleet/store';
import type { Logger, Metrics } from '@meshfleet/telemetry';

/** What every part of the gateway is given. */
export interface GatewayContext {
  readonly store: Store;
  readonly custody: Custody;
  /** Public URL of the hub, without a slash at its end: what agents sign for. */
  readonly audience: string;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly metrics: Metrics;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** 0 to 1: spreads what would else come at one time. */
  readonly random: () => number;
  readonly randomBytes: (size: number) => Uint8Array;
}
