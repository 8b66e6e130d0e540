import type { JsonObject, KubeObject } from '@meshfleet/model';

/** A pattern of the documentation, as facts. What it says and what a preset writes for the same task are to be one, but for reasons. */
export interface DocumentedPattern {
  readonly preset: string;
  /** The page that gives it. */
  readonly page: string;
  /** Parameters of the preset that state the task of the page. */
  readonly parameters: JsonObject;
  /** Facts of each object, by path: `spec.trafficPolicy.tls.mode`. `kind` is kind and group, as kubectl writes them: `Gateway.networking.istio.io`. */
  readonly objects: readonly Facts[];
  /** Why a preset differs on purpose, by place: `VirtualService spec.http.0.name`, `Telemetry` for an object as a whole, `DestinationRule#2 spec` for the second. */
  readonly differences?: Readonly<Record<string, string>>;
}

export type Facts = Readonly<Record<string, unknown>> & { readonly kind: string };

export interface Comparison {
  /** Differences that no reason tells of. */
  readonly unexplained: readonly string[];
  /** Places with a reason where nothing differs. */
  readonly stale: readonly string[];
}

/** Names and namespaces are the user's: they are compared only where the pattern gives them. */
const CHOSEN = ['metadata.name', 'metadata.namespace'];

export function compareWithPattern(written: readonly KubeObject[], { objects, differences = {} }: Pick<DocumentedPattern, 'objects' | 'differences'>): Comparison {
  const places = differingPlaces(numbered(objects), numbered(written.map(factsOf)));
  const covers = (reason: string, place: string): boolean => place === reason || [' ', '.', '['].some((next) => place.startsWith(`${reason}${next}`));
  const reasons = Object.keys(differences);
  return {
    unexplained: [...places].filter(([place]) => !reasons.some((reason) => covers(reason, place))).map(([place, what]) => `${place}: ${what}`),
    stale: reasons.filter((reason) => ![...places.keys()].some((place) => covers(reason, place))),
  };
}

/** What an object says, by path. A list of plain values is one fact; keys that are no plain words stand in brackets. */
export function factsOf({ apiVersion, kind, ...rest }: KubeObject): Facts {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/', 1).join('')}` : '';
  return { ...Object.fromEntries(leavesOf('', rest)), kind: `${kind}${group}` };
}

function* leavesOf(path: string, value: unknown): Generator<[path: string, value: unknown]> {
  const isLeaf = typeof value !== 'object' || value === null || Object.keys(value).length === 0 || (Array.isArray(value) && value.every((item) => typeof item !== 'object'));
  if (isLeaf) yield [path, value];
  else for (const [key, child] of Object.entries(value)) yield* leavesOf(/^[\w-]+$/.test(key) ? (path === '' ? key : `${path}.${key}`) : `${path}[${key}]`, child);
}

/** Objects by what they are called in a comparison: their kind, and from the second of a kind on its number. */
function numbered(objects: readonly Facts[]): ReadonlyMap<string, Facts> {
  const seen = new Map<string, number>();
  return new Map(
    objects.map((facts) => {
      const [kind = ''] = facts.kind.split('.', 1);
      const count = (seen.get(kind) ?? 0) + 1;
      seen.set(kind, count);
      return [count === 1 ? kind : `${kind}#${String(count)}`, facts];
    }),
  );
}

function differingPlaces(documented: ReadonlyMap<string, Facts>, written: ReadonlyMap<string, Facts>): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const name of new Set([...documented.keys(), ...written.keys()])) {
    const [pattern, preset] = [documented.get(name), written.get(name)];
    if (pattern === undefined) places.set(name, 'the preset writes it, and the pattern does not have it');
    else if (preset === undefined) places.set(name, 'the pattern has it, and the preset does not write it');
    else for (const [path, what] of differingFacts(pattern, preset)) places.set(`${name} ${path}`, what);
  }
  return places;
}

function* differingFacts(pattern: Facts, preset: Facts): Generator<[path: string, what: string]> {
  for (const path of new Set([...Object.keys(pattern), ...Object.keys(preset)])) {
    if (!(path in pattern) && CHOSEN.includes(path)) continue;
    const [documented, written] = [JSON.stringify(pattern[path]), JSON.stringify(preset[path])];
    if (documented === written) continue;
    yield [path, written === undefined ? `the pattern says ${documented ?? ''}, and the preset does not write it` : documented === undefined ? `the preset writes ${written}, and the pattern does not have it` : `the pattern says ${documented}, and the preset writes ${written}`];
  }
}
