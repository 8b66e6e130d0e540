import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { KubeObject } from '@meshfleet/model';

/** Who holds a Lease: `<host>_<pid>_<random>`. In a pod the host name is the pod's name. */
export interface HolderIdentity {
  readonly text: string;
  /** Whether that holder is known to be dead: the same host, and a process that no longer runs. */
  isDead(holder: string): boolean;
}

export function createHolderIdentity(options: { inPod: boolean; host?: string; pid?: number; random?: string; alive?: (pid: number) => boolean }): HolderIdentity {
  const host = options.host ?? hostname();
  const alive = options.alive ?? processRuns;
  return {
    text: `${host}_${String(options.pid ?? process.pid)}_${options.random ?? randomBytes(4).toString('hex')}`,
    isDead(holder) {
      const match = /^(.*)_(\d+)_[0-9a-f]+$/.exec(holder);
      if (match?.[1] !== host) return false;
      // A container that starts again in the same pod has the pod to itself: whoever held the Lease under this name is gone.
      return options.inPod || !alive(Number(match[2]));
    },
  };
}

function processRuns(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // errors of kill are system errors
  }
}

export interface LeaseSpec {
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number | null;
  readonly acquireTime?: string | null;
  readonly renewTime?: string | null;
  readonly leaseTransitions?: number | null;
}

export const leaseSpecOf = (lease: KubeObject): LeaseSpec => (lease['spec'] ?? {}) as LeaseSpec; // a coordination.k8s.io/v1 Lease

/** MicroTime, as Leases carry it. */
export const microTime = (at: Date): string => at.toISOString().replace('Z', '000Z');
