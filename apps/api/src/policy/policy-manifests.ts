import type { ErrorEnvelope, JsonObject } from '@meshfleet/model';
import type { Patch, Placement, Variable } from '@meshfleet/planner';
import { findPolicyByName, findTargets } from '@meshfleet/store';
import type { Role } from '../auth/principal.ts';
import { InputProblems } from '../graphql/user-error.ts';
import { renderPresetManifests } from '../preset/render-manifests.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { manifestReader } from './manifest-reader.ts';
import { mayDiffer, type ReadManifests } from './read-manifests.ts';

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
  if (!mayDiffer(read)) return manifestReader.read({ ...read, targets: [] });
  const tx = await scope.read(role);
  const policy = name === undefined ? undefined : await findPolicyByName(tx, name);
  const targets = await findTargets(tx, placement, { policyName: name ?? '', policyId: policy?.id }, MOST_TARGETS);
  return manifestReader.read({ ...read, targets });
}

function eitherOr(both: boolean): ErrorEnvelope {
  return {
    code: 'INVALID_INPUT',
    summary: both ? 'The input has manifests and a preset' : 'The input has neither manifests nor a preset',
    fix: 'Send one of the two: manifests of your own, or a preset that writes them.',
    where: { field: ['input', 'manifests'] },
  };
}
