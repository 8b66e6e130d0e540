import type { KubeObject } from '@meshfleet/model';
import { judgeHealth } from './judge-health.ts';

/** What is wrong with an object by its own status. */
export interface Unhealthy {
  readonly reason: string;
  readonly message: string;
}

/** Keeps in mind what objects say of themselves; only those that are not well cost memory. */
export interface HealthWatch {
  /** An object as it was seen just now. */
  see(key: string, object: KubeObject): void;
  forget(key: string): void;
  /** Undefined while it is well, or not known to be otherwise. */
  of(key: string): Unhealthy | undefined;
  stop(): void;
}

/** So long an object may be pending before it counts as unhealthy: controllers take a moment, load balancers take more. */
const PATIENCE_MS = 60_000;

interface Ailing extends Unhealthy {
  readonly state: 'PENDING' | 'UNHEALTHY';
  /** When patience ends; 0: it has. */
  readonly until: number;
}

export function createHealthWatch(options: { onChange(key: string): void; now?: () => number; patienceMs?: number | undefined }): HealthWatch {
  const now = options.now ?? Date.now;
  const patienceMs = options.patienceMs ?? PATIENCE_MS;
  const ailing = new Map<string, Ailing>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const arm = (): void => {
    clearTimeout(timer);
    timer = undefined;
    let earliest = Number.POSITIVE_INFINITY;
    for (const { until } of ailing.values()) if (until > 0) earliest = Math.min(earliest, until);
    if (stopped || earliest === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(runOut, Math.max(0, earliest - now()));
    timer.unref();
  };
  const runOut = (): void => {
    for (const [key, each] of ailing) {
      if (each.until === 0 || each.until > now()) continue;
      ailing.set(key, { ...each, until: 0 });
      options.onChange(key);
    }
    arm();
  };
  const standing = (key: string): Unhealthy | undefined => {
    const found = ailing.get(key);
    return found === undefined || found.until > 0 ? undefined : { reason: found.reason, message: found.message };
  };

  return {
    see(key, object) {
      const verdict = judgeHealth(object);
      const before = standing(key);
      const known = ailing.get(key);
      if (verdict.state === 'HEALTHY') ailing.delete(key);
      else {
        // Patience is for the whole of a wait, whatever is said meanwhile.
        const waiting = known?.state === 'PENDING' ? known.until : now() + patienceMs;
        ailing.set(key, { ...verdict, until: verdict.state === 'UNHEALTHY' ? 0 : waiting });
      }
      if (known !== undefined || ailing.has(key)) arm();
      const after = standing(key);
      if (before?.reason !== after?.reason || before?.message !== after?.message) options.onChange(key);
    },
    forget(key) {
      ailing.delete(key);
    },
    of: standing,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
