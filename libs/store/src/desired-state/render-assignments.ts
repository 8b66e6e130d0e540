import { withKinds } from '@meshfleet/manifest';
import type { CheckOptions, KindCatalogue } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import { hasExpired, kindsOf, nextExpiry, renderAndCheck, renderingOf, sharedHashes } from '@meshfleet/planner';
import type { AssignedObject, Assignment, RenderFailure, RenderedCluster, Shares } from '@meshfleet/planner';
import type { DesiredEntry } from '@meshfleet/protocol';
import type { Tx } from '../connection/sql.ts';
import { loadContents, storeContents } from './contents.ts';
import type { LoadedAssignment, LoadedCluster } from './load-clusters.ts';
import { findRenderedClusters, findRenderings, storeRenderings } from './renderings.ts';
import type { RenderingKey, StoredRendering } from './renderings.ts';
import { findServedKinds } from './served-kinds.ts';

export interface RenderingMeans {
  /** What renderings are checked against; asked for only when there is one to be made. */
  catalogue(): KindCatalogue;
  readonly options: CheckOptions;
  /** Keep what was made for the next cluster that is alike; false: write nothing. */
  readonly keep: boolean;
  /** Templates by hash that are not stored yet. */
  readonly templates?: ReadonlyMap<string, KubeObject>;
}

/** A cluster whose assignments name the very objects that it gets. */
export interface RenderedAssignments {
  readonly cluster: LoadedCluster;
  readonly assignments: readonly Assignment[];
  /** Name of the rendering by policy, of versions that differ from cluster to cluster. */
  readonly renderings: ReadonlyMap<string, string>;
  readonly unrendered: readonly (RenderFailure & { readonly policyId: string })[];
  /** Objects that have come to their end and that the cluster is asked to hold still: `assignments` leave them out. */
  readonly expired: readonly ExpiredObject[];
  /** When the next object of a policy ends, by policy. */
  readonly expiries: ReadonlyMap<string, Date>;
  /** Bodies by hash of what was rendered just now, and of what several policies set labels and annotations of. */
  readonly bodies: ReadonlyMap<string, KubeObject>;
}

export interface ExpiredObject {
  readonly policyId: string;
  readonly version: number;
  readonly key: string;
}

/**
 * Renders what differs from cluster to cluster: each version once for all clusters that are alike in what it depends on,
 * now and in later compilations. Where a version cannot be rendered, the cluster keeps what it held of the policy, and the
 * others go on. Versions that are the same everywhere cost no statement. Objects that have expired are left out, whatever
 * version they are of: a roll-back does not bring them back.
 */
export async function renderAssignments(tx: Tx, clusters: readonly LoadedCluster[], means: RenderingMeans): Promise<RenderedAssignments[]> {
  const templated = clusters.filter(({ assignments }) => assignments.some(isTemplate));
  const facts = templated.length === 0 ? NO_FACTS : await findRenderedClusters(tx, templated.map(({ id }) => id), kindsOf(templated.flatMap(({ assignments }) => assignments.filter(isTemplate).flatMap(({ objects }) => objects))));
  const wanted = new Map<string, Wanted>();
  for (const cluster of templated) {
    const fact = facts.get(cluster.id);
    if (fact === undefined) continue;
    for (const assignment of cluster.assignments) {
      if (!isTemplate(assignment)) continue;
      const key = { policyId: assignment.policyId, version: assignment.version, rendering: renderingOf(assignment, fact) };
      if (!wanted.has(nameOf(key))) wanted.set(nameOf(key), { key, assignment, like: fact });
    }
  }
  const bodies = new Map<string, KubeObject>();
  const made = wanted.size === 0 ? NO_RENDERINGS : await renderAll(tx, [...wanted.values()], means, bodies);
  const rendered = clusters.map((cluster) => withoutExpired(resolve(cluster, facts.get(cluster.id), made)));
  await addShared(tx, rendered, means, bodies);
  return rendered.map((each) => ({ ...each, bodies }));
}

/** What several policies set labels and annotations of is settled field by field, which takes what each says. */
async function addShared(tx: Tx, rendered: readonly Pick<Resolved, 'assignments'>[], means: RenderingMeans, bodies: Map<string, KubeObject>): Promise<void> {
  const shared = [...new Set(rendered.flatMap(({ assignments }) => sharedHashes(assignments)))].filter((hash) => !bodies.has(hash));
  const missing = shared.filter((hash) => {
    const given = means.templates?.get(hash);
    if (given !== undefined) bodies.set(hash, given);
    return given === undefined;
  });
  if (missing.length === 0) return;
  for (const [hash, body] of await loadContents(tx, missing)) bodies.set(hash, body);
}

interface Wanted {
  readonly key: RenderingKey;
  readonly assignment: TemplateAssignment;
  /** One of the clusters that share it. */
  readonly like: RenderedCluster;
}

interface Rendered extends StoredRendering {
  readonly problems: readonly RenderFailure[];
}

type TemplateAssignment = LoadedAssignment & { readonly inputs: readonly string[] };

const NO_FACTS: ReadonlyMap<string, RenderedCluster> = new Map();
const NO_EXPIRIES: ReadonlyMap<string, Date> = new Map();
const NO_TEMPLATES: ReadonlyMap<string, KubeObject> = new Map();
const NO_RENDERINGS: ReadonlyMap<string, Rendered> = new Map();

async function renderAll(tx: Tx, wanted: readonly Wanted[], means: RenderingMeans, bodies: Map<string, KubeObject>): Promise<ReadonlyMap<string, Rendered>> {
  const known = await findRenderings(tx, wanted.map(({ key }) => key));
  const renderings = new Map(known.map((rendering): [string, Rendered] => [nameOf(rendering), { ...rendering, problems: [] }]));
  const missing = wanted.filter(({ key }) => !renderings.has(nameOf(key)));
  if (missing.length === 0) return renderings;

  const hashes = [...new Set(missing.flatMap(({ assignment }) => assignment.objects.map(({ hash }) => hash)))].filter((hash) => means.templates?.has(hash) !== true);
  const stored = hashes.length === 0 ? NO_TEMPLATES : await loadContents(tx, hashes);
  const kinds = kindsOf(missing.flatMap(({ assignment }) => assignment.objects));
  // Renderings are made on event loops that all organizations share.
  const served = await findServedKinds(tx, means.catalogue(), missing.map(({ like }) => like.kindSchemas), kinds, 'STRUCTURE');
  const fresh = missing.map(({ key, assignment, like }, index): Rendered => {
    const objects = assignment.objects.map(({ hash }) => means.templates?.get(hash) ?? stored.get(hash)).filter((object): object is KubeObject => object !== undefined);
    const rendered = renderAndCheck({ objects, variables: assignment.variables, patches: assignment.patches }, like, withKinds(means.catalogue(), served[index] ?? []), means.options);
    for (const { hash, body } of rendered.objects) bodies.set(hash, body);
    const taking = (index: number) => takingOf(assignment.objects[index]);
    return { ...key, objects: rendered.objects.map(({ body: _body, ...object }, index) => ({ ...object, ...taking(index) })), problems: rendered.problems };
  });
  // What failed is tried again with whatever is known then.
  const sound = fresh.filter(({ problems }) => problems.length === 0);
  if (means.keep && sound.length > 0) {
    storeContents(tx, [...bodies].map(([hash, body]) => ({ hash, body })));
    storeRenderings(tx, sound);
  }
  for (const rendering of fresh) renderings.set(nameOf(rendering), rendering);
  return renderings;
}

/** What is taken of others for an object, and when it ends; renderings keep the order of their templates. */
function takingOf(object: AssignedObject | undefined): Pick<AssignedObject, 'conflicts' | 'takeOver' | 'expiresAt'> {
  return { ...withEnd(object?.expiresAt), ...(object?.conflicts === undefined ? {} : { conflicts: object.conflicts }), ...(object?.takeOver === undefined ? {} : { takeOver: object.takeOver }) };
}

function withoutExpired(resolved: Resolved): Resolved & Pick<RenderedAssignments, 'expired' | 'expiries'> {
  const { cluster, assignments } = resolved;
  if (!assignments.some(({ objects }) => objects.some(({ expiresAt }) => expiresAt !== undefined))) return { ...resolved, expired: [], expiries: NO_EXPIRIES };
  const held = new Set([...cluster.previous.state.entries, ...sharesOf(cluster.previous.shares)].map(({ key, policyId }) => `${key} ${policyId}`));
  const expired = assignments.flatMap(({ policyId, version, objects }) =>
    objects.filter((object) => hasExpired(object, cluster.readAt) && held.has(`${object.key} ${policyId}`)).map(({ key }): ExpiredObject => ({ policyId, version, key })),
  );
  const expiries = new Map(assignments.flatMap(({ policyId, objects }) => {
    const next = nextExpiry(objects, cluster.readAt);
    return next === null ? [] : [[policyId, next] as const];
  }));
  return { ...resolved, assignments: assignments.map((assignment) => ({ ...assignment, objects: assignment.objects.filter((object) => !hasExpired(object, cluster.readAt)) })), expired, expiries };
}

type Resolved = Omit<RenderedAssignments, 'bodies' | 'expired' | 'expiries'>;

function resolve(cluster: LoadedCluster, fact: RenderedCluster | undefined, made: ReadonlyMap<string, Rendered>): Resolved {
  const renderings = new Map<string, string>();
  const unrendered: (RenderFailure & { policyId: string })[] = [];
  const assignments = cluster.assignments.map((assignment): Assignment => {
    if (!isTemplate(assignment) || fact === undefined) return assignment;
    const { policyId, version } = assignment;
    const key = { policyId, version, rendering: renderingOf(assignment, fact) };
    renderings.set(policyId, key.rendering);
    const { objects, problems } = made.get(nameOf(key)) ?? { objects: [], problems: [] };
    if (problems.length === 0) return { ...assignment, objects };
    unrendered.push(...problems.map((problem) => ({ policyId, ...problem })));
    return { ...assignment, ...held(cluster, assignment) };
  });
  return { cluster, assignments, renderings, unrendered };
}

/** What the cluster is asked to hold of a policy already. Each ends as the template of its key says, or when all of them have. */
function held({ previous }: LoadedCluster, { policyId, drift, conflicts, objects: templates }: Assignment): Pick<Assignment, 'objects' | 'drift' | 'conflicts'> {
  const shared = new Set(previous.shares.map(([key]) => key));
  const entries = [...previous.state.entries.filter(({ key }) => !shared.has(key)), ...sharesOf(previous.shares)].filter((entry) => entry.policyId === policyId);
  const endOf = new Map(templates.map(({ key, expiresAt }) => [key, expiresAt]));
  const ends = templates.map(({ expiresAt }) => expiresAt);
  const last = ends.length > 0 && ends.every((end) => end !== undefined) ? ends.sort().at(-1) : undefined;
  const reporting = entries.some((entry) => entry.conflicts === 'REPORT');
  const objects = entries.map(({ key, hash, mode, takeOver, conflicts: own }) => ({
    key,
    hash,
    ...(mode === undefined ? {} : { mode }),
    ...(takeOver === undefined ? {} : { takeOver }),
    ...withEnd(endOf.get(key) ?? last),
    ...(reporting && own === 'FORCE' ? { conflicts: own } : {}),
  }));
  return { objects, drift: entries[0]?.drift ?? drift, conflicts: reporting ? 'REPORT' : (entries[0]?.conflicts ?? conflicts) };
}

/** What each policy asks for of what several have, as if it had it alone. */
function sharesOf(shares: Shares): (Pick<DesiredEntry, 'policyId' | 'hash' | 'drift' | 'conflicts' | 'mode' | 'takeOver'> & { readonly key: string })[] {
  return shares.flatMap(([key, of]) => of.map(({ policyId, hash, drift, conflicts, takeOver }) => ({ key, policyId, hash, drift, conflicts, mode: 'METADATA' as const, takeOver })));
}

const withEnd = (expiresAt: string | undefined): Pick<AssignedObject, 'expiresAt'> => (expiresAt === undefined ? {} : { expiresAt });

function isTemplate(assignment: LoadedAssignment): assignment is TemplateAssignment {
  return assignment.inputs !== null;
}

function nameOf({ policyId, version, rendering }: RenderingKey): string {
  return `${policyId} ${version} ${rendering}`;
}
