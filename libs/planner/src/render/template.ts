import type { Json, KubeObject } from '@meshfleet/model';
import { z } from 'zod';
import type { PlaceableCluster } from '../placement/placement.ts';

// What zod calls JSON is JSON; only its type knows of mutable lists.
const json = z.json().transform((value) => value as Json);
const optional = z.string().nullish().transform((text) => text ?? null);

/** A value that differs from cluster to cluster: the first whose selector matches, else the default. Null: there is none. */
export const variableSchema = z.object({
  name: z.string(),
  description: optional,
  default: json.nullish().transform((value) => value ?? null),
  values: z.array(z.object({ clusterSelector: z.string(), value: json })),
});
export type Variable = z.output<typeof variableSchema>;

/** Which objects a patch changes: those that equal it in all that it says. The core group is the empty text. */
const targetSchema = z.object({ group: optional, kind: optional, namespace: optional, name: optional });

/** A change of objects in some clusters: a merge patch (RFC 7386) or a JSON patch (RFC 6902). */
export const patchSchema = z.object({
  clusterSelector: z.string(),
  target: targetSchema,
  type: z.enum(['MERGE', 'JSON']),
  /** As it was sent, YAML or JSON. */
  patch: z.string(),
  /** What the text says. */
  value: json,
});
export type Patch = z.output<typeof patchSchema>;

/** Objects as a policy says them once for all clusters, with what they differ in. */
export interface Template {
  readonly objects: readonly KubeObject[];
  readonly variables: readonly Variable[];
  /** Applied in their order, before references are filled in. */
  readonly patches: readonly Patch[];
}

/** What a rendering may ask of a cluster. */
export interface RenderedCluster extends PlaceableCluster {
  readonly uid: string;
  /** Digests of the schemas that it serves, by kind (`VirtualService.networking.istio.io`), as far as its agent has told. */
  readonly kindSchemas?: Readonly<Record<string, string>> | null;
}
