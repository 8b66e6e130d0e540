import { MeshfleetError, parseLabelSelector } from '@meshfleet/model';
import type { Placement } from '@meshfleet/planner';
import { z } from 'zod';

const list = (what: string, most: number, longest: number) =>
  z.array(z.string().min(1, 'A name must not be empty').max(longest, `A name has at most ${longest} characters`)).max(most, `At most ${most} ${what} can be named; use labels for more`).nullish();
const names = (what: string) => list(what, 1000, 253);
const places = (what: string) => list(what, 200, 63);

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
    if (both !== undefined) context.addIssue({ code: 'custom', message: `The cluster ${both} is named and excluded at once`, path: ['excludeClusterNames'], params: { why: 'it stands in clusterNames too, and cannot be both in and out', fix: 'Take it out of one of the two.' } });
    if (typeof percent === 'number' && typeof count === 'number') {
      context.addIssue({ code: 'custom', message: 'Say either a percentage or a number of clusters, not both', path: ['count'], params: { why: `it has percent ${percent} and count ${count}`, fix: 'Leave one of the two out.' } });
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
