import { RESOURCES, type Resource } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';

export const NAMES = ['frankfurt', 'dublin'] as const;
const POLICIES = ['first', 'second'] as const;

export interface Place {
  readonly key: string;
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
}

const VIRTUAL_SERVICES: Resource = { group: 'networking.istio.io', version: 'v1', kind: 'VirtualService', plural: 'virtualservices', namespaced: true };
const ROUTES: readonly Place[] = ['one', 'two', 'three', 'four'].map((name) => ({ key: `VirtualService.networking.istio.io/shop/${name}`, resource: VIRTUAL_SERVICES, namespace: 'shop', name }));
/** Of it policies set labels alone, each holding its own. */
const LABELLED: Place = { key: 'Namespace/shop', resource: RESOURCES.namespaces, namespace: '', name: 'shop' };

/** The objects that policies and everybody else write. */
export const OBJECTS: readonly Place[] = [...ROUTES, LABELLED];

/** What one version of a policy says. */
export interface Intent {
  readonly manifests: string;
  readonly placement: { readonly clusterNames: readonly string[] };
  readonly drift: 'CORRECT' | 'REPORT';
  readonly conflicts: 'FORCE' | 'REPORT';
  readonly takeOver?: readonly { readonly object: string; readonly fields?: readonly string[] }[];
}

/** One of the three arguments of `policyPreview`. */
export type Change =
  | { readonly apply: Intent & { readonly name: string; readonly force: true } }
  | { readonly delete: { readonly name: string; readonly force: true } }
  | { readonly rollBack: { readonly name: string; readonly version: number; readonly force: true } };

/** What each policy says in its versions, from 1 on. */
export type History = Map<string, Intent[]>;

export const policyOf = (change: Change): string => Object.values<{ readonly name: string }>(change)[0]?.name ?? '';

/** What the policy says by this change; undefined where it is withdrawn. */
export function intentOf(change: Change, history: History): Intent | undefined {
  if ('apply' in change) return change.apply;
  return 'rollBack' in change ? history.get(change.rollBack.name)?.[change.rollBack.version - 1] : undefined;
}

export const objectsOf = ({ manifests }: Intent): KubeObject[] => manifests.split('\n---\n').map((text) => JSON.parse(text) as KubeObject); // as written below

export function randomChange(roll: () => number, number: number, history: History): Change {
  const name = pick(roll, POLICIES);
  if (roll() < 0.15) return { delete: { name, force: true } };
  const versions = history.get(name) ?? [];
  const [newest, earlier] = [versions.at(-1), versions.length - 1];
  if (earlier > 0 && roll() < 0.3) return { rollBack: { name, version: 1 + Math.floor(roll() * earlier), force: true } };
  // The same objects again, with other leave.
  const intent = newest !== undefined && roll() < 0.2 ? { ...newest, ...randomLeave(roll, objectsOf(newest)) } : randomIntent(roll, number);
  return { apply: { name, force: true, ...intent } }; // whatever the analysis says of routes at random
}

function randomIntent(roll: () => number, number: number): Intent {
  const some = ROUTES.filter(() => roll() < 0.5).map((place) => randomRoute(roll, number, place));
  const labelled = roll() < 0.4 ? [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: LABELLED.name, labels: randomLabels(roll) } }] : [];
  const objects: KubeObject[] = [...some, ...labelled];
  if (objects.length === 0) objects.push(randomRoute(roll, number, ROUTES[0] ?? LABELLED));
  return { manifests: objects.map((object) => JSON.stringify(object)).join('\n---\n'), placement: { clusterNames: [...NAMES] }, ...randomLeave(roll, objects) };
}

function randomLeave(roll: () => number, objects: readonly KubeObject[]): Pick<Intent, 'drift' | 'conflicts' | 'takeOver'> {
  const takeOver = objects.filter(() => roll() < 0.4).map(({ kind, metadata }) => {
    const fields = (kind === 'Namespace' ? LABELS.map((label) => `.metadata.labels.${label}`) : ['.spec.hosts', '.spec.gateways', '.spec.http', '.metadata.labels.team']).filter(() => roll() < 0.7);
    return { object: OBJECTS.find((each) => each.resource.kind === kind && each.name === metadata.name)?.key ?? '', ...(fields.length === 0 || roll() < 0.3 ? {} : { fields }) };
  });
  return { drift: roll() < 0.5 ? 'REPORT' : 'CORRECT', conflicts: roll() < 0.25 ? 'FORCE' : 'REPORT', ...(takeOver.length === 0 ? {} : { takeOver }) };
}

/** Something else each time, so that no version says what another one said. */
function randomRoute(roll: () => number, number: number, { name, namespace }: Place, team = 'platform'): KubeObject {
  const spec = {
    hosts: [pick(roll, ['a.example.com', 'b.example.com'])],
    ...(roll() < 0.5 ? { gateways: [pick(roll, ['mesh', 'istio-system/edge'])] } : {}),
    http: [{ timeout: `${number + 1}s`, route: [{ destination: { host: 'web' } }] }],
  };
  return { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name, namespace, ...(roll() < 0.5 ? { labels: { team } } : {}) }, spec };
}

const LABELS = ['team', 'tier', 'stage'] as const;

function randomLabels(roll: () => number): Record<string, string> {
  const some = LABELS.filter(() => roll() < 0.5);
  return Object.fromEntries((some.length === 0 ? [LABELS[0]] : some).map((label) => [label, pick(roll, ['a', 'b', 'c'])]));
}

/** What somebody else writes or deletes, whoever has it. */
export interface Meddling {
  readonly cluster: string;
  readonly place: Place;
  readonly manager: string;
  /** Absent: it is deleted. */
  readonly object?: KubeObject;
}

export function randomMeddling(roll: () => number, number: number): Meddling {
  const [place, cluster, manager] = [pick(roll, OBJECTS), pick(roll, NAMES), pick(roll, ['argocd', 'kubectl'])];
  if (place === LABELLED) return { cluster, place, manager, object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: place.name, labels: randomLabels(roll) } } };
  return roll() < 0.12 ? { cluster, place, manager } : { cluster, place, manager, object: randomRoute(roll, number, place, 'payments') };
}

/** Somebody who writes an object of a policy again whenever it is put right, and what is said of the same content afterwards; undefined where no policy puts anything right. */
export function randomContest(roll: () => number, number: number, history: History): { readonly insisted: Meddling; readonly change: Change } | undefined {
  const correcting = [...history].flatMap(([name, versions]) => {
    const newest = versions.at(-1);
    return newest?.drift === 'CORRECT' ? [{ name, newest }] : [];
  });
  if (correcting.length === 0) return undefined;
  const { name, newest } = pick(roll, correcting);
  const places = ROUTES.filter((place) => objectsOf(newest).some(({ kind, metadata }) => kind === place.resource.kind && metadata.name === place.name));
  if (places.length === 0) return undefined;
  const place = pick(roll, places);
  const insisted = { cluster: pick(roll, NAMES), place, manager: 'argocd', object: randomRoute(roll, number, place, 'payments') };
  return { insisted, change: { apply: { name, force: true, ...newest, ...randomLeave(roll, objectsOf(newest)), drift: 'CORRECT' } } };
}

function pick<T>(roll: () => number, some: readonly T[]): T {
  const one = some[Math.floor(roll() * some.length)];
  if (one === undefined) throw new Error('there is nothing to pick from');
  return one;
}
