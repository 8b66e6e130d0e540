import { isNewer } from '@meshfleet/kube';

const ECHO_MS = 8_000;

/**
 * Tells when watches have gone deaf: the API server took our write of the Lease, and yet its watch does not show it. Then all the others may be silent
 * as well.
 */
export interface WatchEcho {
  /** The Lease was written at this version. */
  written(resourceVersion: string): void;
  /** The watch showed this version. */
  seen(resourceVersion: string): void;
  stop(): void;
}

export function createWatchEcho(onDeaf: () => void): WatchEcho {
  let last: string | undefined;
  let stopped = false;
  return {
    written(resourceVersion) {
      if (last === undefined) return;
      const timer = setTimeout(() => {
        // A later write may have been shown by now: it proves as much.
        if (!stopped && last !== undefined && isNewer(resourceVersion, last)) onDeaf();
      }, ECHO_MS);
      timer.unref();
    },
    seen(resourceVersion) {
      last = resourceVersion;
    },
    stop() {
      stopped = true;
    },
  };
}
