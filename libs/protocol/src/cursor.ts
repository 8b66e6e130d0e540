import { MeshfleetError } from '@meshfleet/model';
import type { OrganizationMode } from './desired-state.ts';

/** How far an agent is. Mode and approved deletions can change while the revision stays, so the full cursor has them. */
export interface Cursor {
  readonly epoch: number;
  readonly revision: number;
  readonly mode?: OrganizationMode;
  readonly approvedDeletions?: number;
}

const SHAPE = /^(\d{1,15})\.(\d{1,15})(?:\.([eo])(\d{1,9}))?$/;

/** `3.42`, or with what may change within a revision `3.42.e0` (ENFORCE) and `3.42.o12` (OBSERVE, 12 deletions approved). */
export function formatCursor(cursor: Cursor): string {
  const place = `${cursor.epoch}.${cursor.revision}`;
  if (cursor.mode === undefined) return place;
  return `${place}.${cursor.mode === 'ENFORCE' ? 'e' : 'o'}${cursor.approvedDeletions ?? 0}`;
}

/** @throws MeshfleetError INVALID_INPUT */
export function parseCursor(text: string): Cursor {
  const match = SHAPE.exec(text);
  if (match === null) {
    throw new MeshfleetError({
      code: 'INVALID_INPUT',
      summary: `"${text.slice(0, 60)}" is not a cursor`,
      fix: 'Send the id of the last event, or 0.0 when there was none.',
      where: { field: ['cursor'] },
    });
  }
  const [, epoch, revision, mode, approved] = match;
  const place = { epoch: Number(epoch), revision: Number(revision) };
  return mode === undefined
    ? place
    : { ...place, mode: mode === 'e' ? 'ENFORCE' : 'OBSERVE', approvedDeletions: Number(approved) };
}

/** Below 0 when left is the older place, by epoch and then revision; 0 when they are the same. */
export function compareCursors(left: Cursor, right: Cursor): number {
  return left.epoch - right.epoch || left.revision - right.revision;
}

/** True when a reader at `cursor` has yet to hear of `current`. What a short cursor leaves out counts as heard. */
export function isNews(cursor: Cursor, current: Cursor): boolean {
  if (compareCursors(cursor, current) !== 0) return true;
  return (
    (cursor.mode !== undefined && cursor.mode !== current.mode) ||
    (cursor.approvedDeletions !== undefined && cursor.approvedDeletions !== (current.approvedDeletions ?? 0))
  );
}
