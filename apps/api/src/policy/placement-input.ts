import { MeshfleetError, parseLabelSelector } from '@meshfleet/model';
import { z } from 'zod';

export interface Placement {
  readonly clusterSelector: string | null;
  readonly clusterNames: string[];
}

/** Where a policy belongs: a selector that can be read, and names, sorted, each once. */
export const placementInput = z
  .object({
    clusterSelector: z.string().max(4096, 'A label selector has at most 4096 characters').nullish(),
    clusterNames: z.array(z.string().min(1).max(253)).max(1000, 'At most 1000 clusters can be named; use labels for more').nullish(),
  })
  .transform(({ clusterSelector, clusterNames }, context): Placement => {
    if (typeof clusterSelector === 'string') {
      try {
        parseLabelSelector(clusterSelector);
      } catch (error) {
        if (!(error instanceof MeshfleetError)) throw error;
        context.addIssue({ code: 'custom', message: error.summary, path: ['clusterSelector'], params: { envelope: error.toEnvelope() } });
      }
    }
    return { clusterSelector: clusterSelector ?? null, clusterNames: [...new Set(clusterNames ?? [])].sort() };
  });
