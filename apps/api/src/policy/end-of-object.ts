import { EXPIRES_AT, formatObjectKey, objectKeyOf, type ErrorEnvelope, type KubeObject } from '@meshfleet/model';
import { expiresAtOf, type AssignedObject } from '@meshfleet/planner';

/** When clusters are to let go of an object, as a version keeps it. */
export function endOf(object: KubeObject): Pick<AssignedObject, 'expiresAt'> {
  const expiresAt = expiresAtOf(object);
  return expiresAt === undefined || expiresAt === null ? {} : { expiresAt };
}

/** An end that nobody can read would never come, and the object would stay. */
export function endProblems(objects: readonly KubeObject[]): ErrorEnvelope[] {
  return objects
    .filter((object) => expiresAtOf(object) === null)
    .map((object): ErrorEnvelope => ({
      code: 'MANIFEST_INVALID',
      summary: `metadata.annotations[${EXPIRES_AT}]: ${String(object.metadata.annotations?.[EXPIRES_AT])} is no time`,
      why: 'Clusters let go of the object at that time, which is the same in all of them.',
      fix: 'Write a time with its zone, as in 2026-12-01T18:00:00Z, without references.',
      where: { object: formatObjectKey(objectKeyOf(object)) },
    }));
}

/** Nothing is refused for an end that has passed: a version that is applied again ends as it did. */
export function endWarnings(objects: readonly AssignedObject[], now: Date): ErrorEnvelope[] {
  return objects
    .filter(({ expiresAt }) => expiresAt !== undefined && Date.parse(expiresAt) <= now.getTime())
    .map(({ key, expiresAt }): ErrorEnvelope => ({
      code: 'OBJECT_EXPIRED',
      summary: `${key} was to end at ${String(expiresAt)}: no cluster is given it`,
      why: 'its end has passed',
      fix: 'Give it a later end.',
      where: { field: ['input', 'manifests'], object: key },
    }));
}
