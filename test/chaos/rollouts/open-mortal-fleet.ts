import { MeshfleetError } from '@meshfleet/model';
import type { Progress } from '../../../apps/demo/src/progress.ts';
import { openFleetOnPostgres, type FleetOnPostgres } from '../../e2e/open-fleet.ts';
import { PATIENCE_MS } from './patience.ts';

/** The apps are built, and all processes start at once. */
export const SET_UP_WITHIN_MS = 4 * PATIENCE_MS;

/** @throws MeshfleetError when it fails or takes too long, with what it was at, and how long each step before took */
export async function openMortalFleet(): Promise<FleetOnPostgres> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const steps = followSteps();
  const timer = setTimeout(() => {
    reject(new MeshfleetError({ code: 'INTERNAL', summary: `The fleet was not set up within ${SET_UP_WITHIN_MS / 1000} s; MESHFLEET_CHAOS_PATIENCE_SECONDS gives more` }));
  }, SET_UP_WITHIN_MS);
  try {
    return await Promise.race([openFleetOnPostgres({ webhookHosts: '127.0.0.1', startWithinMs: 2 * PATIENCE_MS, progress: steps.progress }), late]);
  } catch (error) {
    if (!(error instanceof MeshfleetError)) throw error;
    throw new MeshfleetError({ code: error.code, summary: [error.summary, error.why, `it was at: ${steps.told()}`].filter((part) => part !== undefined).join('; ') }, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function followSteps(): { readonly progress: Progress; told(): string } {
  const done: string[] = [];
  let under = { what: 'Starting Postgres', from: performance.now() };
  const since = (): string => `${((performance.now() - under.from) / 1000).toFixed(1)} s`;
  const begin = (what: string): void => {
    done.push(`${under.what} ${since()}`);
    under = { what, from: performance.now() };
  };
  return {
    progress: {
      step: async (what, work) => {
        begin(what);
        const result = await work();
        begin(`after ${what}`);
        return result;
      },
      say: (text) => {
        done.push(text.trim());
      },
    },
    told: () => `${under.what} since ${since()}; before: ${done.join(', ')}`,
  };
}
