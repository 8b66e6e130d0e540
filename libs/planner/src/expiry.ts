import type { KubeObject } from '@meshfleet/model';
import { EXPIRES_AT } from '@meshfleet/model';
import type { AssignedObject } from './claim-objects.ts';

/**
 * Until when clusters are to hold an object, as its annotation `meshfleet.io/expires-at` says: an ISO 8601 time with a zone,
 * answered in UTC. Undefined when it says nothing; null when what it says is no such time.
 */
export function expiresAtOf({ metadata }: KubeObject): string | null | undefined {
  const said = metadata.annotations?.[EXPIRES_AT];
  if (said === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(said) ? Date.parse(said) : Number.NaN;
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** Whether an object has come to its end: at that very time it has. */
export function hasExpired({ expiresAt }: Pick<AssignedObject, 'expiresAt'>, at: Date): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= at.getTime();
}

/** When the next of these objects ends that has not ended yet; null when none will. */
export function nextExpiry(objects: readonly Pick<AssignedObject, 'expiresAt'>[], at: Date): Date | null {
  const ends = objects.filter((object) => !hasExpired(object, at)).flatMap(({ expiresAt }) => (expiresAt === undefined ? [] : [Date.parse(expiresAt)]));
  return ends.length === 0 ? null : new Date(Math.min(...ends));
}
