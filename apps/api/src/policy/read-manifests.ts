import { ISTIO_MANAGED_GROUPS, istioCatalogue } from '@meshfleet/istio';
import { LINKERD_MANAGED_GROUPS, linkerdCatalogue } from '@meshfleet/linkerd';
import { checkManifests, managedGroups, mergeCatalogues, parseManifests, type KindCatalogue, type ManifestProblem } from '@meshfleet/manifest';
import { formatObjectKey, type ErrorEnvelope, type KubeObject } from '@meshfleet/model';

/** Manifests as a policy's version keeps them. */
export interface ReadManifests {
  readonly objects: readonly { readonly key: string; readonly hash: string; readonly body: KubeObject }[];
  readonly problems: readonly ErrorEnvelope[];
  readonly warnings: readonly ErrorEnvelope[];
}

/** More than this nobody reads; the rest comes when these are mended. */
const MOST_SHOWN = 100;

const MANAGED = managedGroups(...ISTIO_MANAGED_GROUPS, ...LINKERD_MANAGED_GROUPS);
let catalogue: KindCatalogue | undefined;

/** Reads manifests as they were sent and checks them as the clusters will, each problem with its document and line. */
export function readManifests(text: string, defaultNamespace: string | undefined): ReadManifests {
  catalogue ??= mergeCatalogues(istioCatalogue(), linkerdCatalogue());
  const parsed = parseManifests(text);
  const checked = checkManifests(parsed.documents, catalogue, {
    manages: MANAGED,
    ...(defaultNamespace === undefined ? {} : { defaultNamespace }),
  });
  const problems = [...parsed.problems, ...checked.problems].sort(byPlace);
  if (problems.length === 0 && checked.objects.length === 0) {
    return { objects: [], problems: [{ code: 'MANIFEST_INVALID', summary: 'The manifests hold no object', fix: 'Send at least one document.', where: { field: ['input', 'manifests'] } }], warnings: [] };
  }
  return {
    objects: checked.objects.map(({ key, hash, object }) => ({ key: formatObjectKey(key), hash, body: object })),
    problems: problems.slice(0, MOST_SHOWN).map(inManifests),
    warnings: [...checked.warnings].sort(byPlace).slice(0, MOST_SHOWN).map(inManifests),
  };
}

function inManifests(problem: ManifestProblem): ErrorEnvelope {
  return { ...problem, where: { ...problem.where, field: ['input', 'manifests'] } };
}

function byPlace(a: ManifestProblem, b: ManifestProblem): number {
  return a.where.document - b.where.document || a.where.line - b.where.line;
}
