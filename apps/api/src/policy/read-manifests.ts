import { checkManifests, parseManifests, withKinds, type CheckedObject, type CheckResult, type KindCatalogue, type KindFacts, type ParsedDocument } from '@meshfleet/manifest';
import { formatObjectKey, isKubeObject, type ErrorEnvelope, type KubeObject } from '@meshfleet/model';
import { inputsOf, reviewTemplate, type AssignedObject, type Patch, type RenderedCluster, type Variable } from '@meshfleet/planner';
import { checkTemplate, remarkOf } from './check-template.ts';
import { endOf, endProblems } from './end-of-object.ts';
import { byServedSchema, ProblemGatherer } from './gather-problems.ts';
import { MANAGED, knownKinds } from './known-kinds.ts';

/** Manifests as they were sent, with all that decides whether they are sound. */
export interface ManifestOrder {
  readonly text: string;
  readonly defaultNamespace: string | undefined;
  readonly variables: readonly Variable[];
  readonly patches: readonly Patch[];
  /** Clusters that the policy would reach, where it may differ among them. */
  readonly targets: readonly RenderedCluster[];
  /** Clusters that the policy would reach by what their API servers know otherwise than we do; empty when none does. */
  readonly served: readonly ServedByClusters[];
  /** What some of them would refuse, and not all, is a warning. */
  readonly allowPartial: boolean;
}

/** Kinds as some clusters serve them. */
export interface ServedByClusters {
  readonly kinds: readonly KindFacts[];
  readonly clusters: readonly string[];
}

/** Manifests as a policy's version keeps them. */
export interface ReadManifests {
  /** Templates of what clusters get, where `inputs` is not null. */
  readonly objects: readonly (AssignedObject & { readonly body: KubeObject })[];
  /** Values of a cluster that renderings depend on; null: every cluster gets the same. */
  readonly inputs: readonly string[] | null;
  readonly problems: readonly ErrorEnvelope[];
  readonly warnings: readonly ErrorEnvelope[];
}

/** More than this nobody reads; the rest comes when these are mended. */
const MOST_SHOWN = 100;

/** Whether manifests may say something else in each cluster; only then does it matter which clusters they are for. */
export function mayDiffer({ text, patches }: Pick<ManifestOrder, 'text' | 'patches'>): boolean {
  return patches.length > 0 || /\$\{(?:cluster|var)\./.test(text);
}

/** Reads manifests as they were sent and checks them as the clusters will, each problem with its document and line. */
export function readManifests(order: ManifestOrder): ReadManifests {
  const catalogue = knownKinds();
  const parsed = parseManifests(order.text);
  const inputs = inputsOf({ objects: parsed.documents.map(({ value }): unknown => value).filter(isKubeObject), variables: order.variables, patches: order.patches });
  const read = inputs === null ? checkPlain(parsed.documents, order, catalogue) : checkTemplate(parsed.documents, inputs, order, catalogue, { manages: MANAGED });
  const problems = [...parsed.problems, ...read.problems, ...endProblems(read.objects.map(({ body }) => body))].sort(byPlace);
  if (problems.length === 0 && read.objects.length === 0) {
    return { objects: [], inputs: null, problems: [{ code: 'MANIFEST_INVALID', summary: 'The manifests hold no object', why: 'the text is empty, or has comments and empty documents alone', fix: 'Send at least one document; to take a policy from its clusters, use policyDelete.', where: { field: ['input', 'manifests'] } }], warnings: [] };
  }
  return {
    objects: read.objects,
    inputs: read.inputs,
    problems: problems.slice(0, MOST_SHOWN).map(inManifests),
    warnings: [...read.warnings].sort(byPlace).slice(0, MOST_SHOWN).map(inManifests),
  };
}

/** What is the same in every cluster, held to the schemas that each of them serves. */
function checkPlain(documents: readonly ParsedDocument[], order: ManifestOrder, known: KindCatalogue): ReadManifests {
  const { defaultNamespace, variables, served, allowPartial } = order;
  const options = { manages: MANAGED, ...(defaultNamespace === undefined ? {} : { defaultNamespace }) };
  const sound = documents.filter(({ value }) => isKubeObject(value));
  const review = reviewTemplate({ objects: sound.map(({ value }): unknown => value).filter(isKubeObject), variables, patches: [] });
  const [wrong, remarks] = [review.problems.map((remark) => remarkOf(remark, sound)), review.warnings.map((remark) => remarkOf(remark, sound))];
  const own = checkManifests(documents, known, options);
  if (served.length === 0) return { objects: own.objects.map(keep), inputs: null, problems: [...own.problems, ...wrong], warnings: [...own.warnings, ...remarks] };

  const gathered = new ProblemGatherer();
  const checks = served.map(({ kinds, clusters }) => {
    const checked = kinds.length === 0 ? own : checkManifests(documents, withKinds(known, kinds), { ...options, keepsVersions: true });
    for (const problem of checked.problems) gathered.add(kinds.length === 0 ? problem : byServedSchema(problem), clusters);
    return checked;
  });
  const found = gathered.list(served.reduce((sum, { clusters }) => sum + clusters.length, 0));
  const kept = own.problems.length === 0 ? own : (checks.find(({ problems }) => problems.length === 0) ?? own);
  return {
    objects: objectsOf([own, ...checks]).map(keep),
    inputs: null,
    problems: [...found.filter(({ everywhere }) => everywhere || !allowPartial).map(({ problem }) => problem), ...wrong],
    warnings: [...kept.warnings, ...found.filter(({ everywhere }) => !everywhere && allowPartial).map(({ problem }) => problem), ...remarks],
  };
}

/**
 * Each object as the first check that takes it has it. Ours comes first: what one cluster serves never decides what all get,
 * save for what we do not know, and that stays as it is written.
 */
function objectsOf(checks: readonly CheckResult[]): CheckedObject[] {
  const taken = new Map<string, CheckedObject>();
  for (const object of checks.flatMap(({ objects }) => objects)) {
    const place = `${object.document} ${object.item ?? ''}`;
    if (!taken.has(place)) taken.set(place, object);
  }
  return [...taken.values()].sort((a, b) => a.document - b.document || (a.item ?? 0) - (b.item ?? 0));
}

function keep({ key, hash, mode, object }: CheckedObject) {
  return { key: formatObjectKey(key), hash, ...(mode === undefined ? {} : { mode }), ...endOf(object), body: object };
}

function inManifests(problem: ErrorEnvelope): ErrorEnvelope {
  return { ...problem, where: { field: ['input', 'manifests'], ...problem.where } };
}

function byPlace(a: ErrorEnvelope, b: ErrorEnvelope): number {
  return (a.where?.document ?? 0) - (b.where?.document ?? 0) || (a.where?.line ?? 0) - (b.where?.line ?? 0);
}
