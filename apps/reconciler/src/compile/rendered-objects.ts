import { ISTIO_MANAGED_GROUPS, istioCatalogue } from '@meshfleet/istio';
import { LINKERD_MANAGED_GROUPS, linkerdCatalogue } from '@meshfleet/linkerd';
import { checkObjects, managedGroups, mergeCatalogues } from '@meshfleet/manifest';
import type { KindCatalogue } from '@meshfleet/manifest';
import { formatObjectKey } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { renderObjects } from '@meshfleet/planner';
import type { AssignedObject, RenderedCluster, Template } from '@meshfleet/planner';
import type { ObjectContent, RenderFailure } from '@meshfleet/store';

/** What a template comes to in a cluster: either objects that its API server will take, or why not. */
export interface RenderedObjects {
  readonly objects: readonly AssignedObject[];
  readonly contents: readonly ObjectContent[];
  readonly problems: readonly RenderFailure[];
}

const MANAGED = managedGroups(...ISTIO_MANAGED_GROUPS, ...LINKERD_MANAGED_GROUPS);
let known: KindCatalogue | undefined;

/** Renders a template for a cluster and checks what comes out as `policyApply` checks what people send. */
export function renderAndCheck(template: Template, cluster: RenderedCluster): RenderedObjects {
  const rendering = renderObjects(template, cluster);
  if (rendering.problems.length > 0) return refused(rendering.problems.map(({ key, path, summary, fix }) => ({ key, message: messageOf(path === '' ? summary : `${path}: ${summary}`, fix) })));
  known ??= mergeCatalogues(istioCatalogue(), linkerdCatalogue());
  const checked = checkObjects(rendering.objects, known, { manages: MANAGED });
  if (checked.problems.length > 0) {
    return refused(checked.problems.map(({ summary, fix, where }) => ({ key: keyOf(rendering.objects, where.document - 1), message: messageOf(summary, fix) })));
  }
  return {
    objects: checked.objects.map(({ key, hash }) => ({ key: formatObjectKey(key), hash })),
    contents: checked.objects.map(({ hash, object }) => ({ hash, body: object })),
    problems: [],
  };
}

/** One message for each object: the first, and how many more there are. */
function refused(failures: readonly RenderFailure[]): RenderedObjects {
  const problems = [...Map.groupBy(failures, ({ key }) => key)].map(([key, all]): RenderFailure => {
    const [first] = all;
    const more = all.length === 1 ? '' : ` (and ${all.length - 1} more)`;
    return { key, message: `${first?.message ?? ''}${more}` };
  });
  return { objects: [], contents: [], problems };
}

function messageOf(summary: string, fix: string): string {
  return `${summary}. ${fix}`;
}

function keyOf(objects: readonly KubeObject[], index: number): string {
  const object = objects[index];
  if (object === undefined) return '';
  const { apiVersion, kind, metadata } = object;
  const slash = apiVersion.indexOf('/');
  return formatObjectKey({ group: slash === -1 ? '' : apiVersion.slice(0, slash), kind, namespace: metadata.namespace ?? '', name: metadata.name ?? '' });
}
