import { placementSchema } from '@meshfleet/planner';
import type { PolicyRow, PolicyVersionRow } from '@meshfleet/store';
import { formatGlobalId } from '../graphql/global-id.ts';
import { takeOverOf } from './take-over.ts';

/** A policy as GraphQL's type Policy, with its row for the fields that are looked up. */
export function policyView(row: PolicyRow) {
  return {
    __typename: 'Policy' as const,
    row,
    id: formatGlobalId({ type: 'Policy', id: row.id }),
    name: row.name,
    description: row.description,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

export type PolicyView = ReturnType<typeof policyView>;

/** A version as GraphQL's type PolicyVersion. */
export function policyVersionView(row: PolicyVersionRow) {
  const { version, comment, createdBy, createdAt } = row;
  const { preset, presetParameters, inputs, ...intent } = intentOf(row);
  return { row, version, ...intent, preset: preset === null ? null : { name: preset, parameters: presetParameters }, differs: inputs !== null, takeOver: takeOverOf(row.objects), comment, createdBy, createdAt };
}

export type PolicyVersionView = ReturnType<typeof policyVersionView>;

/** What a version wants: two that want the same are one. */
export function intentOf(row: Omit<PolicyVersionRow, 'version' | 'policyId' | 'comment' | 'createdBy' | 'createdAt'>) {
  const { manifests, defaultNamespace, objects, placement, preset, presetParameters, variables, patches, inputs, drift, conflicts } = row;
  return { manifests, defaultNamespace, objects, placement: placementSchema.parse(placement), preset, presetParameters, variables, patches, inputs, drift, conflicts };
}
