/**
 * Whether `a` is newer than `b`. Resource versions of one resource are decimal numbers that grow; Kubernetes says so since 1.35, and every
 * API server did so before. Anything else cannot be ordered and counts as newer, so that nothing is ever missed.
 */
export function isNewer(a: string, b: string): boolean {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return true;
  return a.length === b.length ? a > b : a.length > b.length;
}
