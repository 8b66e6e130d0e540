import { CONTROL_CHANNEL, DESIRED_CHANNEL, TASK_CHANNEL } from '@meshfleet/store';
import { z } from 'zod';
import type { Authenticator } from './authenticate.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { Listeners } from './listeners.ts';
import type { Switchboard } from './switchboard.ts';

const desiredNotice = z.object({ o: z.string(), c: z.array(z.tuple([z.string()], z.unknown())) });
const taskNotice = z.object({ o: z.string(), c: z.string() });
const controlNotice = z.object({
  o: z.string(),
  c: z.string(),
  type: z.enum(['approved', 'quarantined', 'evicted', 'resync-inventory', 'reenroll', 'rekeyed']),
});

interface Parts {
  readonly context: GatewayContext;
  readonly listeners: Listeners;
  readonly switchboard: Switchboard;
  readonly agents: Authenticator['agents'];
  /** Looks after everybody at once: notices may have been lost. */
  readonly recheck: () => void;
}

/**
 * Follows what other processes announce. A notice only says where to look: what is told to agents is read from the
 * database, by many clusters in one statement. Returns how to stop.
 */
export async function followAnnouncements({ context, listeners, switchboard, agents, recheck }: Parts): Promise<() => Promise<void>> {
  const { store, logger } = context;

  function onDesired(payload: string): void {
    const notice = read(desiredNotice, payload);
    for (const [clusterId] of notice?.c ?? []) lookAt(notice?.o ?? '', clusterId);
  }

  function onTask(payload: string): void {
    const notice = read(taskNotice, payload);
    if (notice !== undefined) lookAt(notice.o, notice.c);
  }

  function lookAt(organizationId: string, clusterId: string): void {
    if (listeners.of(organizationId, clusterId).length === 0) return;
    agents.load(organizationId, clusterId).then(
      (cluster) => cluster !== undefined && switchboard.tell(organizationId, cluster),
      // The heartbeat looks again.
      (error: unknown) => logger.warn({ err: error, clusterId }, 'news of a cluster could not be read'),
    );
  }

  function onControl(payload: string): void {
    const notice = read(controlNotice, payload);
    if (notice !== undefined) switchboard.control(notice.o, notice.c, notice.type);
  }

  function read<T>(schema: z.ZodType<T>, payload: string): T | undefined {
    try {
      return schema.parse(JSON.parse(payload));
    } catch (error) {
      logger.warn({ err: error }, 'a notice could not be read');
      return undefined;
    }
  }

  const stops = await Promise.all([store.listen(DESIRED_CHANNEL, onDesired, recheck), store.listen(TASK_CHANNEL, onTask), store.listen(CONTROL_CHANNEL, onControl)]);
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}
