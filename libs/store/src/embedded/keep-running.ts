import type { ServerProcess } from './server-process.ts';

export interface KeptServer {
  /** Of the server that runs now, or ran last. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface KeepRunningOptions {
  /** Starts it again, on the port that clients know. */
  readonly start: () => Promise<ServerProcess>;
  readonly onStarted: (server: ServerProcess) => void;
  /** It ended unasked, or did not come up again; it is tried again. */
  readonly onEnded: (how: unknown) => void;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;

/** Starts a server again whenever it ends without having been asked to, until it is stopped. */
export function keepRunning(first: ServerProcess, { start, onStarted, onEnded }: KeepRunningOptions): KeptServer {
  let server = first;
  const stopping = Promise.withResolvers<void>();
  let stopped = false;

  const again = async (): Promise<void> => {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(LONGEST_WAIT_MS, wait * 2)) {
      await Promise.race([pause(wait), stopping.promise]);
      if (stopped) return;
      try {
        // Right after a kill its last backends may still hold the shared memory: then the next attempt succeeds.
        server = await start();
        onStarted(server);
        return;
      } catch (error) {
        onEnded(error);
      }
    }
  };
  const watching = (async () => {
    while (!stopped) {
      const how = await Promise.race([server.exited, stopping.promise]);
      if (stopped) return;
      onEnded(how);
      await again();
    }
  })();

  return {
    get pid() {
      return server.pid;
    },
    async stop() {
      stopped = true;
      stopping.resolve();
      await watching;
      await server.stop();
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
