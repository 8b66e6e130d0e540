import { checkObjects } from '@meshfleet/manifest';
import type { CheckOptions, KindCatalogue } from '@meshfleet/manifest';
import { formatObjectKey, objectKeyOf } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import type { AssignedObject } from '../claim-objects.ts';
import { renderObjects } from './render-objects.ts';
import type { RenderedCluster, Template } from './template.ts';

/** An object of a template that a cluster cannot be given, and why. */
export interface RenderFailure {
  readonly key: string;
  readonly message: string;
}

/** What a template comes to in a cluster: objects that its API server will take; or, where any failed, why and none. */
export interface CheckedRendering {
  readonly objects: readonly (AssignedObject & { readonly body: KubeObject })[];
  readonly problems: readonly RenderFailure[];
}

/** Renders a template for a cluster and checks what comes out against the kinds that the cluster knows. */
export function renderAndCheck(template: Template, cluster: RenderedCluster, catalogue: KindCatalogue, options: CheckOptions): CheckedRendering {
  const rendering = renderObjects(template, cluster);
  if (rendering.problems.length > 0) return refused(rendering.problems.map(({ key, path, summary, fix }) => ({ key, message: messageOf(path === '' ? summary : `${path}: ${summary}`, fix) })));
  const checked = checkObjects(rendering.objects, catalogue, options);
  if (checked.problems.length > 0) return refused(checked.problems.map(({ summary, fix, where }) => ({ key: keyOf(rendering.objects[where.document - 1]), message: messageOf(summary, fix) })));
  return {
    objects: checked.objects.map(({ key, hash, mode, object }) => ({ key: formatObjectKey(key), hash, ...(mode === undefined ? {} : { mode }), body: object })),
    problems: [],
  };
}

/** One message for each object: the first, and how many more there are. */
function refused(failures: readonly RenderFailure[]): CheckedRendering {
  const problems = [...Map.groupBy(failures, ({ key }) => key)].map(([key, all]): RenderFailure => {
    const more = all.length === 1 ? '' : ` (and ${all.length - 1} more)`;
    return { key, message: `${all[0]?.message ?? ''}${more}` };
  });
  return { objects: [], problems };
}

function messageOf(summary: string, fix: string): string {
  return `${summary.replace(/\.$/, '')}. ${fix}`;
}

function keyOf(object: KubeObject | undefined): string {
  return object === undefined ? '' : formatObjectKey(objectKeyOf(object));
}
