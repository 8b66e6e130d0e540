import { MeshfleetError, parseLabelSelector } from '@meshfleet/model';
import type { Placement } from '@meshfleet/planner';
import { z } from 'zod';

const names = (what: string) => z.array(z.string().min(1).max(253)).max(1000, `At most 1000 ${what} can be named; use labels for more`).nullish();
const places = (what: string) => z.array(z.string().min(1).max(63)).max(200, `At most 200 ${what} can be named; use labels for more`).nullish();

/** Where a policy belongs: a selector that can be read, and names, sorted, each once. */
export const placementInput = z
  .object({
    clusterSelector: z.string().max(4096, 'A label selector has at most 4096 characters').nullish(),
    clusterNames: names('clusters'),
    regions: places('regions'),
    meshes: places('meshes'),
    excludeClusterNames: names('clusters'),
    percent: z.int().min(1, 'A percentage is 1 to 100').max(100, 'A percentage is 1 to 100').nullish(),
    count: z.int().min(1, 'A number of clusters is at least 1').max(1_000_000, 'At most 1,000,000 clusters can be asked for').nullish(),
  })
  .transform(({ clusterSelector, clusterNames, regions, meshes, excludeClusterNames, percent, count }, context): Placement => {
    if (typeof clusterSelector === 'string') {
      try {
        parseLabelSelector(clusterSelector);
      } catch (error) {
        if (!(error instanceof MeshfleetError)) throw error;
        context.addIssue({ code: 'custom', message: error.summary, path: ['clusterSelector'], params: { envelope: error.toEnvelope() } });
      }
    }
    const [named, excluded] = [sorted(clusterNames), sorted(excludeClusterNames)];
    const both = named.find((name) => excluded.includes(name));
    if (both !== undefined) context.addIssue({ code: 'custom', message: `The cluster ${both} is named and excluded at once`, path: ['excludeClusterNames'] });
    if (typeof percent === 'number' && typeof count === 'number') {
      context.addIssue({ code: 'custom', message: 'Say either a percentage or a number of clusters, not both', path: ['count'] });
    }
    return {
      clusterSelector: clusterSelector ?? null,
      clusterNames: named,
      regions: sorted(regions),
      meshes: sorted(meshes),
      excludeClusterNames: excluded,
      percent: percent ?? null,
      count: count ?? null,
    };
  });

function sorted(texts: readonly string[] | null | undefined): string[] {
  return [...new Set(texts ?? [])].sort();
}
