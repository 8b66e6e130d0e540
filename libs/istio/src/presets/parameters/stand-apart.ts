import { earlierOverlaps } from '../../analysis/host-overlaps.ts';

/** True when no two hosts of a VirtualService cover each other. */
export function standApart(hosts: readonly string[]): boolean {
  return earlierOverlaps(hosts).every((earlier) => earlier === undefined);
}
