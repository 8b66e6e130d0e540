import { MeshfleetError, parseLabelSelector } from '@meshfleet/model';
import { countClusters, listClusters, type ClusterFilter } from '@meshfleet/store';
import { z } from 'zod';
import { connectionOf, pageOf, type Connection, type ConnectionArgs } from '../graphql/connection.ts';
import { InputProblems, problemsOf } from '../graphql/user-error.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { clusterView, type ClusterView } from './cluster-view.ts';

const filterInput = z
  .object({
    labels: z.string().max(4096, 'A label selector has at most 4096 characters').nullish(),
    status: z.array(z.enum(['PENDING_APPROVAL', 'ONLINE', 'OFFLINE', 'QUARANTINED', 'EVICTED'])).nullish(),
    text: z.string().max(200, 'A text to look for has at most 200 characters').nullish(),
  })
  .nullish();

/** A page of the organization's clusters by name. */
export async function listClustersOf(scope: RequestScope, args: ConnectionArgs & { filter?: unknown }): Promise<Connection<ClusterView>> {
  const page = pageOf(args, ['string', 'uuid']);
  const filter = readFilter(args.filter);
  const slice = await listClusters(await scope.read(), filter, page);
  return connectionOf(slice, (row) => [row.name, row.id], clusterView, async () => countClusters(await scope.read(), filter));
}

function readFilter(raw: unknown): ClusterFilter {
  const parsed = filterInput.safeParse(raw);
  if (!parsed.success) throw new InputProblems(problemsOf(parsed.error, raw, 'filter'));
  const { labels, status, text } = parsed.data ?? {};
  return {
    ...(typeof labels === 'string' ? { labels: readSelector(labels) } : {}),
    ...(status === null || status === undefined ? {} : { status }),
    ...(typeof text === 'string' ? { text } : {}),
  };
}

function readSelector(text: string) {
  try {
    return parseLabelSelector(text);
  } catch (error) {
    if (!(error instanceof MeshfleetError)) throw error;
    throw new MeshfleetError({ ...error.toEnvelope(), code: 'INVALID_INPUT', where: { ...error.where, field: ['filter', 'labels'] } });
  }
}
