import type { FastifyInstance } from 'fastify';
import { followAnnouncements } from './announcements.ts';
import { Authenticator } from './authenticate.ts';
import { ContentCache } from './content-cache.ts';
import { DeliverState } from './deliver-state.ts';
import { Enrol } from './enrol.ts';
import type { GatewayContext } from './gateway-context.ts';
import { Listen } from './listen.ts';
import { Listeners } from './listeners.ts';
import { observeGateway } from './observe-gateway.ts';
import { ReportBatcher } from './report-batcher.ts';
import { RestoredHub } from './restored-hub.ts';
import { agentRoutes } from './routes.ts';
import { CUT_OFF_CHECK, Sightings } from './sightings.ts';
import { SigningKeys } from './signing-keys.ts';
import { Switchboard } from './switchboard.ts';
import { Ticker } from './ticker.ts';

export interface AgentGateway {
  /** Adds the routes under `/agent/v1`; before the server is ready. */
  register(fastify: FastifyInstance): void;
  /** Begins to follow announcements and to tick. */
  start(): Promise<void>;
  /** Sends listeners away and writes what waits; new listeners are refused. Requests are still answered. */
  drain(): Promise<void>;
  close(): Promise<void>;
  /** Open streams and waiting polls. */
  readonly listeners: number;
}

/** Puts the gateway together: everything that agents talk to, in one process. */
export function createAgentGateway(context: GatewayContext): AgentGateway {
  const listeners = new Listeners();
  const observer = observeGateway(context.metrics, listeners, context.clock);
  const switchboard = new Switchboard(listeners, observer, context.clock);
  const ticker = new Ticker();
  const sightings = new Sightings(context, listeners, switchboard);
  const authenticator = new Authenticator(context);
  const signingKeys = new SigningKeys(context);
  const restoredHub = new RestoredHub(context, signingKeys);
  const batcher = new ReportBatcher(context, observer);
  const listen = new Listen({ context, listeners, switchboard, ticker, agents: authenticator.agents, restoredHub });
  const deliverState = new DeliverState(new ContentCache(context), signingKeys);
  const enrol = new Enrol(context, signingKeys, authenticator.agents);
  let stopFollowing: (() => Promise<void>) | undefined;

  return {
    register(fastify) {
      // The routes bring parsers of their own, for raw bodies: a plugin keeps them to themselves.
      void fastify.register(agentRoutes({ context, authenticator, sightings, batcher, listen, deliverState, enrol }));
    },
    async start() {
      ticker.every(1, () => sightings.beat());
      ticker.every(CUT_OFF_CHECK, () => sightings.checkCutOffs());
      ticker.start();
      stopFollowing = await followAnnouncements({ context, listeners, switchboard, agents: authenticator.agents, recheck: () => sightings.recheck() });
    },
    async drain() {
      listen.drain();
      await batcher.flush();
    },
    async close() {
      ticker.stop();
      listen.drain();
      await batcher.flush();
      await stopFollowing?.();
      stopFollowing = undefined;
    },
    get listeners() {
      return listeners.size;
    },
  };
}
