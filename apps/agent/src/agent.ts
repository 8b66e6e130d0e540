import type { ClusterAccess, HolderIdentity } from '@meshfleet/kube';
import { createHolderIdentity, createKubeClient, createTransport, startElection } from '@meshfleet/kube';
import packageJson from '../package.json' with { type: 'json' };
import type { RetrySpans } from './apply/retry-schedule.ts';
import type { Config } from './config.ts';
import { connectHub } from './hub/hub-connection.ts';
import type { ListenTiming } from './hub/listen.ts';
import type { Log } from './log.ts';
import { describeError } from './log.ts';
import { renderMetrics } from './probes/metrics.ts';
import { startProbes } from './probes/probe-server.ts';
import type { AgentStatus } from './probes/status.ts';
import { isReady, newStatus } from './probes/status.ts';
import type { Session } from './session.ts';
import { LEASE_NAME, startSession } from './session.ts';

export interface AgentOptions {
  readonly config: Config;
  readonly access: ClusterAccess;
  readonly log: Log;
  readonly inPod: boolean;
  readonly holder?: HolderIdentity;
  readonly listenTiming?: Partial<ListenTiming>;
  readonly retrySpans?: RetrySpans;
  readonly lease?: { readonly durationMs: number; readonly renewMs: number };
  /** It has stopped working by a fault of its own, and still holds its Lease: a process that is started anew may do better. */
  onBroken?(error: unknown): void;
}

export interface Agent {
  readonly status: AgentStatus;
  readonly probePort: number | undefined;
  /** Lets go: reports what is left, gives the Lease back, closes every connection. */
  stop(): Promise<void>;
}

/** Starts an agent. Of several in one cluster, by mistake or during an update, only the one that holds the Lease acts. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { config, log } = options;
  const agentVersion = packageJson.version;
  const userAgent = `meshfleet-agent/${agentVersion}`;
  const status = newStatus();
  const transport = createTransport(options.access, { userAgent });
  const client = createKubeClient(transport);
  const hub = connectHub({ url: config.hubUrl, caPem: config.hubCaPem, userAgent });
  let session: Session | undefined;
  // Starting and stopping sessions goes one after the other, however fast the Lease changes hands.
  let turn: Promise<void> = Promise.resolve();

  const probes =
    config.port === 0
      ? undefined
      : await startProbes({
          port: config.port,
          ready: () => isReady(status),
          metrics: () => renderMetrics(status, { delivery: session?.delivery, watch: session?.watch, hubBytesSent: hub.bytesSent }),
        });

  /** Evicted, this process has nothing left to do: whoever is installed next need not wait for its Lease to run out. */
  const standDown = (): void => {
    turn = turn.then(async () => {
      await session?.stop();
      session = undefined;
      status.role = 'standby';
      await election.stop();
    });
  };

  const election = startElection({
    client,
    namespace: config.namespace,
    name: LEASE_NAME,
    identity: options.holder ?? createHolderIdentity({ inPod: options.inPod }),
    ...options.lease,
    onChange(holds, other) {
      turn = turn.then(async () => {
        if (!holds) {
          if (session !== undefined) status.leaseLost += 1;
          await session?.stop();
          session = undefined;
          status.role = 'standby';
          log.warn({ other }, other === undefined ? 'the Lease could not be renewed: standing by' : 'another agent acts in this cluster: standing by');
        } else if (session === undefined) {
          status.role = 'acting';
          session = startSession({ onEvicted: standDown, onBroken: (error) => options.onBroken?.(error), config, client, hub, log, status, agentVersion, ...(options.listenTiming === undefined ? {} : { listenTiming: options.listenTiming }), retrySpans: options.retrySpans });
        }
      });
    },
    onRenewed: (resourceVersion) => session?.leaseRenewed(resourceVersion),
    onProblem: (error) => log.warn({ what: 'lease', ...describeError(error) }, 'something failed and is tried again'),
  });

  return {
    status,
    probePort: probes?.port,
    async stop() {
      await turn;
      await session?.stop();
      session = undefined;
      await election.stop();
      hub.close();
      transport.close();
      await probes?.close();
    },
  };
}
