import { formatManifests } from '@meshfleet/manifest';
import type { TaskLimits } from '@meshfleet/jobs/thread';
import { MeshfleetError, type KubeObject } from '@meshfleet/model';
import { renderAndCheck, type AssignedObject, type CheckedRendering, type RenderedCluster, type RenderFailure, type Template } from '@meshfleet/planner';
import { loadContents } from '@meshfleet/store';
import { clusterById } from '../cluster/cluster-loaders.ts';
import { parseGlobalId } from '../graphql/global-id.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { taskThread } from '../thread/task-thread.ts';
import { MANAGED, knownKinds } from './known-kinds.ts';
import { LIGHT, weightOf } from './weigh-manifests.ts';

const LONGEST_MS = 10_000;

/** What a policy says in one cluster, as GraphQL's type PolicyRendering. */
export interface PolicyRenderingView {
  readonly objects: readonly { readonly key: string; readonly hash: string; readonly manifest: string; readonly metadataOnly: boolean }[];
  readonly problems: readonly RenderFailure[];
}

/** Objects of an intent with what makes them differ; `inputs` null: they do not. */
export interface RenderableIntent extends Pick<Template, 'variables' | 'patches'> {
  readonly objects: readonly (AssignedObject & { readonly body?: KubeObject })[];
  readonly inputs: readonly string[] | null;
}

/** Renders an intent for a cluster as its compilation would; null when there is no such cluster. */
export async function renderForCluster(scope: RequestScope, { objects, variables, patches, inputs }: RenderableIntent, clusterId: string): Promise<PolicyRenderingView | null> {
  const parsed = parseGlobalId(clusterId);
  const cluster = parsed?.type === 'Cluster' ? await clusterById(scope, parsed.id) : undefined;
  if (cluster === undefined) return null;
  const missing = objects.filter(({ body }) => body === undefined).map(({ hash }) => hash);
  const stored = missing.length === 0 ? new Map<string, KubeObject>() : await loadContents(await scope.read(), missing);
  const full = objects.flatMap((object) => {
    const body = object.body ?? stored.get(object.hash);
    return body === undefined ? [] : [{ ...object, body }];
  });
  if (inputs === null) return { objects: full.map(viewOf), problems: [] };
  const rendered = await renderSomewhere(scope, { objects: full.map(({ body }) => body), variables, patches }, cluster);
  return { objects: rendered.objects.map(viewOf), problems: rendered.problems };
}

/** Small templates where they are; others, one of a request at a time, where they hold up nobody. */
async function renderSomewhere(scope: RequestScope, template: Template, cluster: RenderedCluster): Promise<CheckedRendering> {
  const { variables, patches } = template;
  if (weightOf({ text: JSON.stringify(template.objects), variables, patches, targets: [] }) <= LIGHT) return renderAndCheck(template, cluster, knownKinds(), { manages: MANAGED });
  const organizationId = await scope.organizationId();
  return scope.inTurn(() => taskThread.run(organizationId, 'renderTemplate', { template, cluster }, LIMITS));
}

const tooMuch = (why: string): MeshfleetError =>
  new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: 'The policy could not be rendered here', why, fix: 'Split it into several policies.' });

const LIMITS: TaskLimits = {
  longestMs: LONGEST_MS,
  tooSlow: () => tooMuch(`it took longer than ${LONGEST_MS / 1000} s`),
  tooMuch: () => tooMuch('it takes more memory than there is'),
};

function viewOf({ key, hash, mode, body }: AssignedObject & { readonly body: KubeObject }) {
  return { key, hash, metadataOnly: mode === 'METADATA', manifest: formatManifests([body]) };
}
