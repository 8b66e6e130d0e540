import { MeshfleetError } from './errors.ts';
import type { JsonObject, KubeObject } from './kubernetes.ts';

/**
 * Whether a value is an object of Kubernetes: it says its version and kind and has metadata. What stands in these is for
 * the checks of its schema to judge, names included.
 */
export function isKubeObject(value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { apiVersion, kind, metadata } = value as { readonly [field: string]: unknown }; // an object, as just checked
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
}

/** The same value as an object of Kubernetes. Throws INTERNAL for what is none: whoever calls knows that it is one. */
export function kubeObjectOf(value: unknown): KubeObject {
  if (isKubeObject(value)) return value;
  throw new MeshfleetError({ code: 'INTERNAL', summary: 'A value that had to be an object of Kubernetes has no apiVersion, kind or metadata', fix: 'Report this with what you did.' });
}

/** The same object as JSON. Objects out of manifests, databases and API servers are; TypeScript cannot see it for their open fields. */
export function jsonOfObject(object: KubeObject): JsonObject {
  return object as unknown as JsonObject;
}
