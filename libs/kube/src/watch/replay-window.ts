import { isNewer } from './resource-version.ts';

const WIDTH = 16;
const MOST_DELETIONS = 1_000;

/**
 * Where to resume a watch. It resumes a few events before the last one seen: replayed events do no harm, because the cache takes only what is
 * newer, while an event that a proxy delivered late or out of order would be lost for good. Bookmarks and lists close the window.
 */
export interface ReplayWindow {
  resumeFrom(): string | undefined;
  /** An event was taken in. */
  passed(resourceVersion: string): void;
  /** An object was deleted at this version: older events about it must not bring it back. */
  deleted(key: string, resourceVersion: string): void;
  deletedSince(key: string, resourceVersion: string): boolean;
  /** Everything up to this version has been seen; undefined forgets the position. */
  reset(resourceVersion: string | undefined): void;
}

/** An empty window: remembers nothing yet. */
export function createReplayWindow(): ReplayWindow {
  let position: string | undefined;
  let recent: string[] = [];
  const deletions = new Map<string, string>();
  return {
    resumeFrom: () => position,
    passed(resourceVersion) {
      recent.push(resourceVersion);
      if (recent.length <= WIDTH) return;
      const left = recent.shift();
      if (left !== undefined && position !== undefined && isNewer(left, position)) position = left;
    },
    deleted(key, resourceVersion) {
      deletions.delete(key);
      deletions.set(key, resourceVersion);
      if (deletions.size > MOST_DELETIONS) for (const oldest of deletions.keys()) { deletions.delete(oldest); break; }
    },
    deletedSince(key, resourceVersion) {
      const at = deletions.get(key);
      return at !== undefined && !isNewer(resourceVersion, at);
    },
    reset(resourceVersion) {
      position = resourceVersion;
      recent = [];
      deletions.clear();
    },
  };
}
