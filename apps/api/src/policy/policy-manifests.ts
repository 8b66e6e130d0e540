import type { ErrorEnvelope, JsonObject } from '@meshfleet/model';
import { isLimited, type Patch, type Placement, type RenderedCluster, type Variable } from '@meshfleet/planner';
import { findPolicyByName, findServedGroups, findServedKinds, findTargets, type ServedGroup, type Tx } from '@meshfleet/store';
import type { Role } from '../auth/principal.ts';
import { InputProblems } from '../graphql/user-error.ts';
import { renderPresetManifests } from '../preset/render-manifests.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { manifestReader } from './manifest-reader.ts';
import { knownKinds } from './known-kinds.ts';
import { mayDiffer, type ReadManifests, type ServedByClusters } from './read-manifests.ts';

/** The text of a policy, and the preset that wrote it, if one did. */
export interface PolicyManifests {
  readonly manifests: string;
  readonly preset: string | null;
  readonly presetParameters: JsonObject | null;
}

export interface PolicyText {
  readonly manifests?: string | null | undefined;
  readonly preset?: { readonly name: string; readonly parameters?: unknown } | null | undefined;
}

/** What a person wrote, or what their preset writes. @throws InputProblems when it is neither or both, or the preset refuses */
export function manifestsOf({ manifests, preset }: PolicyText): PolicyManifests {
  const isWritten = typeof manifests === 'string';
  const isPreset = preset !== null && preset !== undefined;
  if (isWritten === isPreset) throw new InputProblems([eitherOr(isWritten)]);
  if (!isPreset) return { manifests: manifests ?? '', preset: null, presetParameters: null };
  const rendered = renderPresetManifests(preset.name, preset.parameters, ['input', 'preset']);
  if ('problems' in rendered) throw new InputProblems(rendered.problems);
  return { manifests: rendered.manifests, preset: preset.name, presetParameters: rendered.parameters };
}

export interface ReadingOrder {
  /** Of the policy, as far as it has one. */
  readonly name: string | undefined;
  readonly manifests: string;
  readonly defaultNamespace: string | undefined;
  readonly variables: readonly Variable[];
  readonly patches: readonly Patch[];
  readonly placement: Placement;
  readonly allowPartial: boolean;
  /** Who may know what clusters there are. */
  readonly role: Role;
}

/** Clusters whose differences are looked at; a fleet beyond is checked as it is compiled. */
const MOST_TARGETS = 10_000;

/** Reads manifests and checks them for the clusters that they would reach, as far as these make a difference. */
export async function readForTargets(scope: Pick<RequestScope, 'read'>, order: ReadingOrder): Promise<ReadManifests> {
  const { name, manifests: text, defaultNamespace, variables, patches, placement, allowPartial, role } = order;
  const read = { text, defaultNamespace, variables, patches, allowPartial };
  const tx = await scope.read(role);
  const policy = name === undefined || !isLimited(placement) ? undefined : await findPolicyByName(tx, name);
  const subject = { policyName: name ?? '', policyId: policy?.id };
  const targets = mayDiffer(read) ? await findTargets(tx, placement, subject, MOST_TARGETS) : [];
  const groups = targets.length > 0 ? groupTargets(targets) : await findServedGroups(tx, placement, subject);
  return manifestReader.read(tx.organizationId, { ...read, targets, served: await servedByGroups(tx, text, groups) });
}

/** What the clusters know otherwise than we do of the kinds in the text; with all their rules, for the reader has a thread for them. */
async function servedByGroups(tx: Tx, text: string, groups: readonly ServedGroup[]): Promise<ServedByClusters[]> {
  const words = (pattern: RegExp): Set<string | undefined> => new Set([...text.matchAll(pattern)].map(([, word]) => word));
  const named = words(/\bkind["']?\s*:\s*["']?(\w+)/g);
  const inGroups = words(/\bapiVersion["']?\s*:\s*["']?([\w.-]+)\//g);
  const isNamed = (kind: string): boolean => named.has(kind.split('.', 1)[0]) && inGroups.has(kind.slice(kind.indexOf('.') + 1));
  const kinds = [...new Set(groups.flatMap(({ kindSchemas }) => Object.keys(kindSchemas ?? {})))].filter(isNamed);
  if (kinds.length === 0) return [];
  const facts = await findServedKinds(tx, knownKinds(), groups.map(({ kindSchemas }) => kindSchemas), kinds.sort(), 'ALL');
  const served = groups.map(({ clusters }, index) => ({ clusters, kinds: facts[index] ?? [] }));
  return served.some((group) => group.kinds.length > 0) ? served : [];
}

function groupTargets(targets: readonly RenderedCluster[]): ServedGroup[] {
  const groups = Map.groupBy(targets, ({ kindSchemas }) => JSON.stringify(kindSchemas ?? null));
  return [...groups.values()].map((alike) => ({ kindSchemas: alike[0]?.kindSchemas, clusters: alike.map(({ name }) => name) }));
}

function eitherOr(both: boolean): ErrorEnvelope {
  return {
    code: 'INVALID_INPUT',
    summary: both ? 'The input has manifests and a preset' : 'The input has neither manifests nor a preset',
    why: both ? 'a preset writes the manifests, and these are others' : 'without either there is nothing to apply',
    fix: 'Send one of the two: manifests of your own, or a preset that writes them.',
    where: { field: ['input', 'manifests'] },
  };
}
