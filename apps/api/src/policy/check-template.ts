import { checkManifests, withKinds, type CheckOptions, type KindCatalogue, type ManifestProblem, type ParsedDocument } from '@meshfleet/manifest';
import { contentHash, formatObjectKey, isKubeObject, jsonOfObject, kubeObjectOf, objectKeyOf, type ErrorEnvelope, type KubeObject } from '@meshfleet/model';
import { renderObjects, renderingOf, reviewTemplate, type RenderedCluster, type RenderProblem, type Template, type TemplateRemark } from '@meshfleet/planner';
import { endOf } from './end-of-object.ts';
import { ProblemGatherer } from './gather-problems.ts';
import type { ManifestOrder, ReadManifests } from './read-manifests.ts';

/** Renderings that are checked when a policy is applied; more differ too little to wait for. Each is checked again when it is compiled. */
const MOST_RENDERINGS = 50;

/**
 * Checks manifests that differ from cluster to cluster: once for all clusters, then as each kind of cluster among the
 * targets would get them.
 */
export function checkTemplate(documents: readonly ParsedDocument[], inputs: readonly string[], order: ManifestOrder, catalogue: KindCatalogue, options: CheckOptions): ReadManifests {
  const named = documents.map((document) => withNamespace(document, catalogue, order.defaultNamespace));
  // Names are checked below, when they are known; without one there is nothing to speak of.
  const nameless = named.filter(({ value }) => !isNamed(value));
  if (nameless.length > 0) return refused(checkManifests(nameless, catalogue, options).problems);

  const template: Template = { objects: named.map(({ value }) => kubeObjectOf(value)), variables: order.variables, patches: order.patches };
  const review = reviewTemplate(template);
  const warnings = review.warnings.map((remark) => remarkOf(remark, named));
  if (review.problems.length > 0) return { ...refused(review.problems.map((remark) => remarkOf(remark, named))), warnings };

  const servedBy = new Map(order.served.flatMap(({ kinds, clusters }) => clusters.map((cluster) => [cluster, kinds] as const)));
  const groups = groupAlike(template, inputs, order.targets);
  const checked = groups.slice(0, MOST_RENDERINGS);
  const [problems, notes] = [new ProblemGatherer(), new ProblemGatherer()];
  for (const { like, names } of checked) checkOne(template, named, like, withKinds(catalogue, servedBy.get(like.name) ?? []), options, (problem) => void problems.add(problem, names), (note) => void notes.add(note, names));

  const all = checked.reduce((sum, { names }) => sum + names.length, 0);
  const found = problems.list(all);
  if (order.targets.length === 0) warnings.push(...found.map(({ problem }) => ({ ...problem, summary: `No cluster is selected now; with made-up values: ${problem.summary}` })));
  else if (order.allowPartial) warnings.push(...found.filter(({ everywhere }) => !everywhere).map(({ problem }) => problem));
  warnings.push(...notes.list(all).map(({ problem }) => problem));
  if (groups.length > checked.length) warnings.push(notAllChecked(groups.length));
  return {
    objects: template.objects.map((body) => ({ key: formatObjectKey(objectKeyOf(body)), hash: contentHash(body), ...endOf(body), body })),
    inputs,
    problems: order.targets.length === 0 ? [] : found.filter(({ everywhere }) => everywhere || !order.allowPartial).map(({ problem }) => problem),
    warnings,
  };
}

type Say = (problem: ManifestProblem) => void;

function checkOne(template: Template, documents: readonly ParsedDocument[], cluster: RenderedCluster, catalogue: KindCatalogue, options: CheckOptions, problem: Say, note: Say): void {
  const rendering = renderObjects(template, cluster);
  for (const each of rendering.problems) problem(unrendered(each, documents));
  if (rendering.problems.length > 0) return;
  const rendered = documents.map((document, index) => ({ ...document, value: rendering.objects[index] === undefined ? {} : jsonOfObject(rendering.objects[index]) }));
  const result = checkManifests(rendered, catalogue, options);
  for (const each of result.problems) problem(each);
  for (const each of result.warnings) note(each);
}

interface Alike {
  /** One of them. */
  readonly like: RenderedCluster;
  readonly names: string[];
}

/** Targets by the rendering that they share, in the order of names; without targets, a cluster that has everything. */
function groupAlike(template: Template, inputs: readonly string[], targets: readonly RenderedCluster[]): Alike[] {
  if (targets.length === 0) return [{ like: specimen(inputs), names: [] }];
  const groups = new Map<string, Alike>();
  const objects = template.objects.map((object) => ({ key: formatObjectKey(objectKeyOf(object)) }));
  for (const cluster of targets) {
    const name = renderingOf({ inputs, objects, variables: template.variables, patches: template.patches }, cluster);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { like: cluster, names: [cluster.name] });
    else group.names.push(cluster.name);
  }
  return [...groups.values()];
}

function specimen(inputs: readonly string[]): RenderedCluster {
  const labels = inputs.filter((input) => input.startsWith('labels.')).map((input) => [input.slice('labels.'.length), 'value'] as const);
  return { uid: 'uid', name: 'cluster', region: 'region', zone: 'zone', network: 'network', mesh: 'mesh', labels: Object.fromEntries(labels) };
}

function withNamespace(document: ParsedDocument, catalogue: KindCatalogue, defaultNamespace: string | undefined): ParsedDocument {
  const { value } = document;
  if (defaultNamespace === undefined || !isNamed(value)) return document;
  const { group, kind, namespace } = objectKeyOf(value);
  const clusterScoped = (catalogue.find(group, kind)?.scope ?? (kind === 'Namespace' ? 'Cluster' : 'Namespaced')) === 'Cluster';
  if (clusterScoped || namespace !== '') return document;
  return { ...document, value: jsonOfObject({ ...value, metadata: { ...value.metadata, namespace: defaultNamespace } }) };
}

function isNamed(value: unknown): value is KubeObject {
  return isKubeObject(value) && typeof value.metadata.name === 'string';
}

function unrendered({ index, key, path, summary, fix }: RenderProblem, documents: readonly ParsedDocument[]): ManifestProblem {
  const at = documents[index]?.locate(path) ?? { document: index + 1, line: 1, column: 1 };
  return { code: 'RENDER_FAILED', summary: path === '' ? summary : `${path}: ${summary}`, why: 'In such a cluster the object could not be made, and the cluster would keep what it holds of the policy.', fix, where: { ...at, object: key } };
}

/** Variables and patches are fields of the input, objects are lines of the manifests. */
export function remarkOf({ code, place, summary, fix }: TemplateRemark, documents: readonly ParsedDocument[]): ErrorEnvelope {
  const said = { code, summary, why: WHY[code], fix };
  if ('variable' in place) return { ...said, where: { field: ['input', 'variables', String(place.variable)] } };
  if ('patch' in place) return { ...said, where: { field: ['input', 'patches', String(place.patch)] } };
  return { ...said, where: { ...documents[place.object]?.locate(place.path) } };
}

const WHY: Readonly<Record<TemplateRemark['code'], string>> = {
  RENDER_FAILED: 'no cluster could be given what the policy says',
  REFERENCE_UNKNOWN: 'a name that nobody declares may be meant for somebody else, so it stays in the text',
  VARIABLE_UNUSED: 'its values reach no cluster',
};

function notAllChecked(count: number): ErrorEnvelope {
  return {
    code: 'PARTLY_CHECKED',
    summary: `The manifests differ in ${count} ways among the clusters, and ${MOST_RENDERINGS} of these were checked`,
    why: 'to check more would take longer than a change may',
    fix: 'Nothing to do: each is checked when it is compiled, and a cluster that could not take it keeps what it has and says so.',
  };
}

function refused(problems: readonly ErrorEnvelope[]): ReadManifests {
  return { objects: [], inputs: null, problems, warnings: [] };
}
