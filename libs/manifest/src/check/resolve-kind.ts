import { parseApiVersion } from '@meshfleet/model';
import type { KindCatalogue } from '../catalogue/kind-catalogue.ts';
import { findVersion } from '../facts/kind-facts.ts';
import type { KindFacts, VersionFacts } from '../facts/kind-facts.ts';
import { problem } from '../parse/manifest-problem.ts';
import type { ManifestProblem } from '../parse/manifest-problem.ts';
import type { ParsedDocument } from '../parse/parse-manifests.ts';
import { closestWord } from './closest-word.ts';

/** Which kinds policies may manage. */
export type ManagedKinds = (kind: { readonly group: string; readonly kind: string }) => boolean;

export interface ResolvedKind {
  readonly facts: KindFacts;
  readonly version: VersionFacts;
}

const BUILT_IN = new Set(['', 'apps', 'batch', 'autoscaling', 'policy', 'extensions']);

/** The kind that a document names, or what is wrong with the name. */
export function resolveKind(document: ParsedDocument, catalogue: KindCatalogue, manages: ManagedKinds): ResolvedKind | ManifestProblem {
  const apiVersion = document.value['apiVersion'];
  const kind = document.value['kind'];
  for (const [field, value] of [['apiVersion', apiVersion], ['kind', kind]] as const) {
    if (typeof value === 'string' && value !== '') continue;
    const what = value === undefined || value === null || value === '' ? 'has no' : 'has a strange';
    return problem(
      'MANIFEST_INVALID',
      document.locate(field),
      `Document ${document.document} ${what} ${field}`,
      'A Kubernetes object says of which apiVersion and kind it is.',
      'Add it, for example: apiVersion: networking.istio.io/v1, kind: VirtualService.',
    );
  }
  const { group, version } = parseApiVersion(String(apiVersion));
  const name = String(kind);
  const facts = catalogue.find(group, name);
  if (facts === undefined) return unknownKind(document, group, name, catalogue);
  if (!manages({ group, kind: name })) return notManaged(document, group, name);
  const found = findVersion(facts, version);
  if (found !== undefined) return { facts, version: found };
  const served = facts.versions.filter((one) => one.served).map((one) => one.name);
  return problem(
    'MANIFEST_UNKNOWN_KIND',
    document.locate('apiVersion'),
    `${name} has no version "${version}" in ${group}`,
    `The versions of this kind are ${served.join(', ')}.`,
    `Write apiVersion: ${group}/${served[0] ?? ''}.`,
  );
}

function notManaged(document: ParsedDocument, group: string, kind: string): ManifestProblem {
  return problem(
    'MANIFEST_KIND_NOT_MANAGED',
    document.locate('kind'),
    `Policies do not manage ${kind}${group === '' ? '' : ` of ${group}`}`,
    'A policy holds the configuration of a mesh. Workloads and the rest of a cluster stay with the tool that deploys them.',
    'Take the document out of the policy and deploy it as before.',
  );
}

function unknownKind(document: ParsedDocument, group: string, kind: string, catalogue: KindCatalogue): ManifestProblem {
  if (BUILT_IN.has(group) || (group.endsWith('.k8s.io') && !catalogue.kinds.some((one) => one.group === group))) return notManaged(document, group, kind);
  const elsewhere = catalogue.kinds.filter((one) => one.kind.toLowerCase() === kind.toLowerCase());
  const near = closestWord(kind, catalogue.kinds.filter((one) => one.group === group).map((one) => one.kind)) ?? closestWord(kind, catalogue.kinds.map((one) => one.kind));
  const meant = elsewhere[0] ?? catalogue.kinds.find((one) => one.kind === near && one.group === group) ?? catalogue.kinds.find((one) => one.kind === near);
  const groups = catalogue.kinds.map((one) => one.group);
  const nearGroup = closestWord(group, groups);
  const version = meant?.versions.find((one) => one.served)?.name ?? '';
  const hint =
    meant !== undefined
      ? `Did you mean kind: ${meant.kind} with apiVersion: ${meant.group}/${version}?`
      : nearGroup !== undefined && !groups.includes(group)
        ? `Did you mean the group ${nearGroup}?`
        : 'Check apiVersion and kind for typing errors.';
  return problem('MANIFEST_UNKNOWN_KIND', document.locate(meant !== undefined && meant.kind === kind ? 'apiVersion' : 'kind'), `There is no kind ${kind} in ${group === '' ? 'the core group' : group}`, 'No mesh that Meshfleet knows has such a kind.', hint);
}
