import { parseManifests } from '@meshfleet/manifest';
import { parseApiVersion, parseObjectKey, type ErrorWhere, type Finding, type JsonObject, type ObjectKey } from '@meshfleet/model';
import type { WhereIs } from './admit-findings.ts';

/** Texts that are read once more to name a line; of larger ones the object is named alone. */
const MOST_LENGTH = 256 * 1024;

/**
 * Finds the document and line that a finding is about in manifests as they were sent; of an object that is none of theirs the
 * field alone, and of what a preset wrote, whose lines nobody has seen.
 */
export function locateInPolicy({ manifests, preset, defaultNamespace }: LocatedPolicy): WhereIs {
  if (preset !== null) return () => ({ field: ['input', 'preset'] });
  const field = ['input', 'manifests'];
  let documents: ReturnType<typeof parseManifests>['documents'] | undefined;
  return ({ object, path }: Finding): ErrorWhere => {
    documents ??= manifests.length > MOST_LENGTH ? [] : parseManifests(manifests).documents;
    const key = parseObjectKey(object);
    const found = documents.find(({ value }) => key !== undefined && isOf(value, key, defaultNamespace ?? ''));
    return found === undefined ? { field } : { field, ...found.locate(path ?? '') };
  };
}

interface LocatedPolicy {
  readonly manifests: string;
  readonly preset: string | null;
  readonly defaultNamespace?: string | null | undefined;
}

function isOf({ apiVersion, kind, metadata }: JsonObject, key: ObjectKey, defaultNamespace: string): boolean {
  if (typeof apiVersion !== 'string' || kind !== key.kind || parseApiVersion(apiVersion).group !== key.group) return false;
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return false;
  // Not an array, as was just seen.
  const { name, namespace } = metadata as JsonObject;
  return name === key.name && (namespace ?? (key.namespace === '' ? '' : defaultNamespace)) === key.namespace;
}
