import type { KubeObject } from '@meshfleet/model';
import { rootNamespaceOf } from '../../root-namespace.ts';
import { at, list, record } from '../read-value.ts';
import { DEFAULT_FACTS } from './facts.ts';
import type { AnalysisFacts } from './facts.ts';
import { KIND, WORKLOAD_KINDS } from './kinds.ts';
import type { KindName } from './kinds.ts';
import { resourceOfObject, resourceOfRow } from './resource-of.ts';
import type { InventoryObject } from './resource-of.ts';
import type { Resource } from './resource.ts';

/** All that one run of the analysis looks at: one cluster, as it is or as it would be. Never changed once made. */
export interface AnalysisInput {
  readonly facts: AnalysisFacts;
  readonly byKind: ReadonlyMap<KindName, ReadonlyMap<string, Resource>>;
}

/** The cluster as its agent reported it. `facts` go before what its objects tell. */
export function analysisInputOf(rows: Iterable<InventoryObject>, facts: Partial<AnalysisFacts> = {}): AnalysisInput {
  const byKind = new Map<KindName, Map<string, Resource>>();
  for (const row of rows) {
    const resource = resourceOfRow(row);
    if (resource !== undefined) kindOf(byKind, resource.kind).set(resource.id, resource);
  }
  return { facts: { ...DEFAULT_FACTS, ...factsOfOperator(byKind.get(KIND.SailIstio)), ...facts }, byKind };
}

/** Where Sail Operator installs Istio, its one `Istio` object says what the mesh configuration is; several may agree on the root namespace. */
function factsOfOperator(installations: ReadonlyMap<string, Resource> | undefined): Partial<AnalysisFacts> {
  const specs = [...(installations?.values() ?? [])].map(({ spec }) => spec).filter((spec) => spec !== undefined);
  const rootNamespace = rootNamespaceOf(specs);
  return {
    ...(specs.length === 1 ? { meshConfig: record(at(specs[0], 'values', 'meshConfig')) ?? {} } : {}),
    ...(rootNamespace === undefined ? {} : { rootNamespace }),
  };
}

/** What a change would do to a cluster. */
export interface AnalysisChanges {
  readonly upsert?: readonly Upsert[];
  /** Keys, as `Kind.group/namespace/name`. */
  readonly remove?: readonly string[];
}

export interface Upsert {
  readonly object: KubeObject;
  /**
   * The policy of ours that wants it. Two upserts of one object for two policies are a finding; one takes the place of what
   * the cluster holds for another policy, for objects change hands. The last of them is what the cluster would hold.
   */
  readonly policy?: string;
}

/** The cluster as it would be. What did not change is shared with `input`. */
export function withChanges(input: AnalysisInput, changes: AnalysisChanges): AnalysisInput {
  const byKind = new Map(input.byKind);
  const copied = new Map<KindName, Map<string, Resource>>();
  applyChanges(changes, (kind) => {
    const known = copied.get(kind);
    if (known !== undefined) return known;
    const copy = new Map(input.byKind.get(kind));
    copied.set(kind, copy);
    byKind.set(kind, copy);
    return copy;
  });
  return { facts: input.facts, byKind };
}

/** Carries changes out in the tables that `ofKind` gives to be written. */
export function applyChanges(changes: AnalysisChanges, ofKind: (kind: KindName) => Map<string, Resource>): void {
  for (const id of changes.remove ?? []) ofKind(id.slice(0, id.indexOf('/'))).delete(id);
  const claims = new Map<string, Set<string>>();
  for (const { object, policy } of changes.upsert ?? []) {
    const resource = resourceOfObject(object);
    const kind = ofKind(resource.kind);
    const before = kind.get(resource.id);
    const claimants = claims.get(resource.id) ?? new Set();
    if (policy !== undefined) claims.set(resource.id, claimants.add(policy));
    kind.set(resource.id, settled({ ...resource, policies: claimants.size === 0 ? (before?.policies ?? []) : [...claimants] }, object, before));
  }
}

/**
 * Applying sets fields, and gives up those that we set before. A manifest of labels alone leaves the rest as it is, and so
 * does one for an object that was not ours.
 */
function settled(resource: Resource, object: KubeObject, before: Resource | undefined): Resource {
  if (before === undefined) return resource;
  const metadataAlone = WORKLOAD_KINDS.includes(resource.kind) ? list(resource.spec?.['images']).length === 0 : object['spec'] === undefined;
  if (!metadataAlone && before.policies.length > 0) return resource;
  const labels = { ...before.labels, ...resource.labels };
  const annotations = { ...before.annotations, ...resource.annotations };
  return { ...(metadataAlone ? before : resource), labels, annotations, policies: resource.policies };
}

export function kindOf(byKind: Map<KindName, Map<string, Resource>>, kind: KindName): Map<string, Resource> {
  const known = byKind.get(kind);
  if (known !== undefined) return known;
  const made = new Map<string, Resource>();
  byKind.set(kind, made);
  return made;
}
