import { EMPTY_STATE, digestOf, formatCursor, isNews, parseCursor } from '@meshfleet/protocol';
import type { AgentEvent } from '@meshfleet/protocol';
import type { AgentRow } from '@meshfleet/store';

const EMPTY_DIGEST = digestOf(EMPTY_STATE);

/** What a cluster should hold, as an event. */
export function desiredEvent(cluster: AgentRow): Extract<AgentEvent, { event: 'desired' }> {
  const { epoch, mode, desiredRevision: revision, approvedDeletions } = cluster;
  return {
    event: 'desired',
    id: formatCursor({ epoch, revision, mode, approvedDeletions }),
    data: { epoch, revision, digest: digestOfCluster(cluster), mode, approvedDeletions },
  };
}

/** Digest of the state that a cluster should hold; that of the empty state before anything was asked of it. */
export function digestOfCluster(cluster: AgentRow): string {
  return cluster.desiredDigest ?? EMPTY_DIGEST;
}

/** Whether a reader at this cursor has yet to hear of the cluster's state. Nothing asked of either side is no news. */
export function hasNews(cursorText: string, cluster: AgentRow): boolean {
  const cursor = parseCursor(cursorText);
  if (cluster.desiredRevision === 0 && cursor.revision === 0) return false;
  return isNews(cursor, { epoch: cluster.epoch, revision: cluster.desiredRevision, mode: cluster.mode, approvedDeletions: cluster.approvedDeletions });
}
