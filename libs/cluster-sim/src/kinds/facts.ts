import { readFileSync } from 'node:fs';
import type { JsonObject, KubeObject } from '@meshfleet/model';

/** A subresource as discovery shows it: `deployments/scale` answers a Scale of autoscaling/v1. */
export interface SubresourceFacts {
  readonly name: string;
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly verbs: readonly string[];
}

export interface ResourceFacts {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources: readonly SubresourceFacts[];
}

export interface GroupFacts {
  readonly group: string;
  readonly versions: readonly { readonly version: string; readonly resources: readonly ResourceFacts[] }[];
}

/** Groups, versions and resources that a default kube-apiserver serves, in its order; read once per process. */
export const builtinGroups: readonly GroupFacts[] = (load('kubernetes-discovery.json') as { groups: GroupFacts[] }).groups;

/** OpenAPI v3 component schemas of the built-in types by their full name, without descriptions. */
export const builtinSchemas: Readonly<Record<string, JsonObject>> = (load('kubernetes-schemas.json') as { schemas: Record<string, JsonObject> }).schemas;

/** The roles and bindings that a kube-apiserver writes at its first start. */
export function bootstrapRbacObjects(): KubeObject[] {
  return (load('bootstrap-rbac.json') as { objects: KubeObject[] }).objects;
}

/** The generated files are ours, made and checked by the generator: their shape is trusted. */
function load(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../generated/${file}`, import.meta.url), 'utf8'));
}
