import type { KubeObject, ObjectMeta } from '@meshfleet/model';
import { goStruct, shapeAsGo } from './go-struct.ts';

const OBJECT_META = goStruct('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta') ?? [];

/** The metadata of a custom resource passes through Go's ObjectMeta, whatever the rest of it is: empty labels and the like are gone afterwards. */
export function withGoMetadata(object: KubeObject): KubeObject {
  const metadata: Record<string, unknown> = { ...object.metadata };
  shapeAsGo(metadata, OBJECT_META);
  for (const [name, value] of Object.entries(metadata)) if (value === null) Reflect.deleteProperty(metadata, name);
  // The same fields less those that were empty.
  return { ...object, metadata: metadata as ObjectMeta };
}
