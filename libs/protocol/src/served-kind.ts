import { schemaWithoutProse } from '@meshfleet/model';
import type { Json, JsonObject } from '@meshfleet/model';
import * as z from 'zod';
import { schemaProblem } from './schema-shape.ts';

/** Largest body of a kind's schemas, after decompression: those of the Gateway API have some 300 kB without their prose. */
export const KIND_SCHEMA_LIMIT = 2 * 1024 * 1024;

const name = z.string().min(1).max(253);
const schema = z
  .record(z.string(), z.json())
  .transform((value) => value as JsonObject)
  .superRefine((value, context) => {
    const problem = schemaProblem(value);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

/** A kind as a cluster serves it: what decides whether its API server takes an object, and nothing that people read. */
export const servedKindSchema = z.strictObject({
  group: name,
  kind: name,
  plural: name,
  scope: z.enum(['Namespaced', 'Cluster']),
  versions: z.array(z.strictObject({ name, served: z.boolean(), storage: z.boolean(), deprecated: z.boolean(), schema })).max(20),
});
export type ServedKind = z.output<typeof servedKindSchema>;

/** How facts name a kind: `VirtualService.networking.istio.io`. */
export function kindName({ group, kind }: { readonly group: string; readonly kind: string }): string {
  return group === '' ? kind : `${kind}.${group}`;
}

/** What a CustomResourceDefinition says of its kind; undefined when it is none. Its digest is its `contentHash`. */
export function servedKindOf(definition: JsonObject): ServedKind | undefined {
  const spec = mapping(definition['spec']);
  const names = mapping(spec['names']);
  const versions = Array.isArray(spec['versions']) ? (spec['versions'] as readonly Json[]).map(mapping) : [];
  const parsed = servedKindSchema.safeParse({
    group: spec['group'],
    kind: names['kind'],
    plural: names['plural'],
    scope: spec['scope'] === 'Cluster' ? 'Cluster' : 'Namespaced',
    versions: versions.map((version) => ({
      name: version['name'],
      served: version['served'] === true,
      storage: version['storage'] === true,
      deprecated: version['deprecated'] === true,
      schema: schemaWithoutProse(mapping(mapping(version['schema'])['openAPIV3Schema'])),
    })),
  });
  return parsed.success ? parsed.data : undefined;
}

function mapping(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
