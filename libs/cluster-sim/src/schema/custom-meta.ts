import type { KubeObject, ObjectMeta } from '@meshfleet/model';
import { builtinSchema } from '../kinds/builtin-schema.ts';
import type { ResourceInfo } from '../seam.ts';
import { decodeStruct } from './decode-builtin.ts';
import { goStruct, shapeAsGo } from './go-struct.ts';

const META_TYPE = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const OBJECT_META = goStruct(META_TYPE) ?? [];

/** The metadata of a custom resource passes through Go's ObjectMeta, whatever the rest of it is: empty labels and the like are gone afterwards. */
export function withGoMetadata(info: ResourceInfo, object: KubeObject): KubeObject {
  const schema = builtinSchema(META_TYPE);
  const metadata: Record<string, unknown> = schema === undefined ? { ...object.metadata } : decodeStruct(info, schema, object.metadata);
  shapeAsGo(metadata, OBJECT_META);
  for (const [name, value] of Object.entries(metadata)) if (value === null) Reflect.deleteProperty(metadata, name);
  // The same fields less those that were empty.
  return { ...object, metadata: metadata as ObjectMeta };
}
