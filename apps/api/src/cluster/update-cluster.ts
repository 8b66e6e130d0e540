import { MeshfleetError } from '@meshfleet/model';
import { announceChanged, describeCluster, enqueue, isUniqueViolation, type LockedCluster } from '@meshfleet/store';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { UseCase } from '../graphql/mutate.ts';
import { lockExisting } from './change-lifecycle.ts';
import { clusterName, labelsInput, placeName } from './label-input.ts';

const input = z.object({
  id: z.string(),
  name: clusterName.optional(),
  labels: labelsInput.optional(),
  region: placeName.optional(),
  zone: placeName.optional(),
  network: placeName.optional(),
  mesh: placeName.optional(),
});

/** Changes what a cluster is called, how it is labelled and where it is. Empty texts take region, zone, network or mesh away. */
export const updateCluster: UseCase<typeof input, { clusterId: string }> = {
  name: 'clusterUpdate',
  role: 'ADMIN',
  input,
  async run({ tx, actor }, { id, name, labels, region, zone, network, mesh }) {
    const { lifecycle: _lifecycle, ...before } = await lockExisting(tx, id);
    const place = (given: string | undefined, held: string | null): string | null => (given === undefined ? held : given === '' ? null : given);
    const after = {
      id: before.id,
      name: name ?? before.name,
      labels: labels ?? before.labels,
      region: place(region, before.region),
      zone: place(zone, before.zone),
      network: place(network, before.network),
      mesh: place(mesh, before.mesh),
    };
    const answer = { clusterId: before.id };
    if (isDeepStrictEqual(before, after)) return { answer };
    try {
      await describeCluster(tx, after);
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new MeshfleetError({
        code: 'ALREADY_EXISTS',
        summary: `There is another cluster named ${after.name}`,
        fix: 'Choose a name that no cluster of the organization has, evicted ones included.',
        where: { field: ['input', 'name'] },
      });
    }
    await enqueue(tx, 'cluster.changed', { clusterId: before.id, reason: 'LABELS', actor });
    announceChanged(tx, { clusterIds: [before.id], policyIds: [] });
    return { answer, audit: { action: 'cluster.update', target: before.id, details: { before: plain(before), after: plain(after) } } };
  },
};

function plain({ id: _id, ...rest }: Omit<LockedCluster, 'lifecycle'>) {
  return { ...rest };
}
