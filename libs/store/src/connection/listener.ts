import pg from 'pg';

export interface Listener {
  listen(channel: string, handler: (payload: string) => void, onReconnect?: () => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

interface Subscription {
  readonly channel: string;
  readonly handler: (payload: string) => void;
  readonly onReconnect: (() => void) | undefined;
}

const LONGEST_PAUSE = 5_000;

/**
 * LISTEN for many channels on one connection of its own, opened with the first subscription and opened again when it
 * is lost. What was notified in between is missed: subscribers learn of the reconnect and look for themselves.
 */
export function createListener(databaseUrl: string, applicationName: string): Listener {
  const subscriptions = new Set<Subscription>();
  let client: pg.Client | undefined;
  let connecting: Promise<pg.Client> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let attempt = 0;
  let closed = false;
  // One statement at a time, as the driver asks for.
  let turn: Promise<unknown> = Promise.resolve();

  function say(connection: pg.Client, statement: string): Promise<unknown> {
    const said = turn.then(() => connection.query(statement));
    turn = said.catch(() => undefined); // told to whoever said it
    return said;
  }

  async function connect(): Promise<pg.Client> {
    const fresh = new pg.Client({ connectionString: databaseUrl, application_name: `${applicationName}-listen`, keepAlive: true });
    fresh.on('notification', ({ channel, payload }) => {
      for (const subscription of subscriptions) if (subscription.channel === channel) subscription.handler(payload ?? '');
    });
    fresh.on('error', () => undefined);
    fresh.on('end', () => {
      if (client === fresh) lost();
    });
    await fresh.connect();
    for (const channel of channels()) await fresh.query(`listen ${pg.escapeIdentifier(channel)}`);
    client = fresh;
    attempt = 0;
    return fresh;
  }

  function ensure(): Promise<pg.Client> {
    connecting ??= connect().catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  }

  function lost(): void {
    client = undefined;
    connecting = undefined;
    if (closed || subscriptions.size === 0) return;
    const pause = Math.min(LONGEST_PAUSE, 50 * 2 ** attempt) * (0.5 + Math.random() / 2);
    attempt += 1;
    retry = setTimeout(() => {
      ensure().then(() => {
        for (const subscription of subscriptions) subscription.onReconnect?.();
      }, lost);
    }, pause);
  }

  function channels(): Set<string> {
    return new Set([...subscriptions].map((subscription) => subscription.channel));
  }

  return {
    async listen(channel, handler, onReconnect) {
      const subscription: Subscription = { channel, handler, onReconnect };
      subscriptions.add(subscription);
      try {
        const connection = await ensure();
        await say(connection, `listen ${pg.escapeIdentifier(channel)}`);
      } catch {
        // The database is away: the reconnect will listen, and its callback tells the subscriber.
        if (client === undefined && connecting === undefined) lost();
      }
      return async () => {
        subscriptions.delete(subscription);
        if (channels().has(channel)) return;
        if (client !== undefined) await say(client, `unlisten ${pg.escapeIdentifier(channel)}`).catch(() => undefined);
      };
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      subscriptions.clear();
      const open = await connecting?.catch(() => undefined);
      await open?.end().catch(() => undefined);
    },
  };
}
