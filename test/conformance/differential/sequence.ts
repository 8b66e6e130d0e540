import { FUZZED_KINDS, type Fields, type FuzzedKind } from './kinds.ts';
import { createRandom, type Random } from './random.ts';

/** One write. `merge` is laid over what each server answered last, for updates that carry versions and uids of their own. */
export type Step =
  | { readonly verb: 'create'; readonly query: string; readonly body: Fields }
  | { readonly verb: 'apply'; readonly query: string; readonly body: Fields; readonly subresource: string }
  | { readonly verb: 'update'; readonly query: string; readonly replace: Fields; readonly version: 'current' | 'none' | 'first'; readonly subresource: string }
  | { readonly verb: 'patch'; readonly query: string; readonly type: 'merge' | 'json' | 'strategic'; readonly body: unknown; readonly subresource: string }
  | { readonly verb: 'delete'; readonly query: string; readonly body: Fields };

export interface Sequence {
  readonly seed: number;
  readonly kind: FuzzedKind;
  readonly steps: readonly Step[];
}

const LONGEST = 8;

/** The sequence of a seed: some writes by a few hands on one object. */
export function sequenceOf(seed: number): Sequence {
  const random = createRandom(seed);
  const kind = random.pick(FUZZED_KINDS);
  const length = 2 + random.below(LONGEST - 1);
  const first: Step = random.chance(0.5) ? create(random, kind) : apply(random, kind, '', true);
  return { seed, kind, steps: [first, ...Array.from({ length: length - 1 }, () => step(random, kind))] };
}

function step(random: Random, kind: FuzzedKind): Step {
  const subresource = kind.hasStatus && random.chance(0.15) ? '/status' : '';
  const roll = random.next();
  if (roll < 0.45) return apply(random, kind, subresource, false);
  if (roll < 0.6) return { verb: 'update', query: query(random), replace: changed(random, kind, subresource), version: random.pick(['current', 'current', 'none', 'first']), subresource };
  if (roll < 0.72) return { verb: 'patch', query: query(random), type: 'merge', body: withNulls(random, changed(random, kind, subresource)), subresource };
  if (roll < 0.82) return { verb: 'patch', query: query(random), type: 'json', body: operations(random, kind), subresource };
  if (roll < 0.92) return { verb: 'patch', query: query(random), type: 'strategic', body: withNulls(random, changed(random, kind, subresource)), subresource };
  if (roll < 0.96) return create(random, kind);
  return { verb: 'delete', query: random.chance(0.3) ? 'dryRun=All' : '', body: random.pick([{}, { propagationPolicy: 'Background' }, { preconditions: { uid: 'other' } }, { preconditions: { resourceVersion: '1' } }]) };
}

function create(random: Random, kind: FuzzedKind): Step {
  const part = random.chance(0.6) ? kind.part(random) : {};
  return { verb: 'create', query: query(random), body: { ...identity(kind), metadata: metadata(random), ...deepMerge(kind.base(), part) } };
}

function apply(random: Random, kind: FuzzedKind, subresource: string, first: boolean): Step {
  const parameters = `fieldManager=${random.pick(['one', 'two', 'three'])}&force=${String(random.chance(0.4))}${random.chance(0.1) ? '&dryRun=All' : ''}`;
  const content = subresource === '' ? (first && random.chance(0.8) ? deepMerge(kind.base(), kind.part(random)) : kind.part(random)) : { status: kind.status?.(random) ?? {} };
  return { verb: 'apply', query: parameters, body: { ...identity(kind), metadata: metadata(random), ...content }, subresource };
}

function identity(kind: FuzzedKind): Fields {
  return { apiVersion: kind.apiVersion, kind: kind.kind };
}

function changed(random: Random, kind: FuzzedKind, subresource: string): Fields {
  const meta = random.chance(0.4) ? { metadata: metadata(random) } : {};
  if (subresource !== '') return { ...meta, status: kind.status?.(random) ?? {}, ...(random.chance(0.2) ? kind.part(random) : {}) };
  return { ...meta, ...kind.part(random) };
}

function metadata(random: Random): Fields {
  const labels = Object.fromEntries(random.some(['l', 'm'], 0.5).map((key) => [key, random.pick(['1', '2', 'bad value!'].slice(0, random.chance(0.05) ? 3 : 2))]));
  return {
    ...(random.chance(0.4) ? { labels } : {}),
    ...(random.chance(0.3) ? { annotations: Object.fromEntries(random.some(['x', 'y'], 0.5).map((key) => [key, random.pick(['1', '2', ''])])) } : {}),
    ...(random.chance(0.15) ? { finalizers: random.some(['example.test/a', 'example.test/b'], 0.5) } : {}),
  };
}

function query(random: Random): string {
  return [
    `fieldManager=${random.pick(['one', 'hand', 'robot'])}`,
    ...(random.chance(0.1) ? ['dryRun=All'] : []),
    ...(random.chance(0.3) ? [`fieldValidation=${random.pick(['Strict', 'Warn', 'Ignore'])}`] : []),
  ].join('&');
}

/** Some values give way to null, which removes in merge patches. */
function withNulls(random: Random, value: Fields): Fields {
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [
      name,
      name !== 'spec' && name !== 'metadata' && name !== 'template' && random.chance(0.12) ? null : isFields(child) ? withNulls(random, child) : child,
    ]),
  );
}

function operations(random: Random, kind: FuzzedKind): Fields[] {
  const content = deepMerge(kind.base(), kind.part(random));
  const paths = leaves(content, '');
  const count = 1 + random.below(3);
  return Array.from({ length: count }, () => {
    const [path = '/data', value] = random.pick(paths.length === 0 ? [['/metadata/labels', {}] as const] : paths);
    const op = random.pick(['add', 'add', 'replace', 'replace', 'remove', 'test', 'copy', 'move']);
    if (op === 'copy' || op === 'move') return { op, from: path, path: random.pick(['/metadata/labels/l', path, '/metadata/annotations']) };
    return op === 'remove' ? { op, path } : { op, path, value };
  });
}

function leaves(value: unknown, path: string): (readonly [string, unknown])[] {
  if (Array.isArray(value)) return [[path, value], ...value.flatMap((item, index) => leaves(item, `${path}/${index}`)), ...(value.length > 0 ? [[`${path}/-`, value[0]] as const] : [])];
  if (!isFields(value)) return [[path, value]];
  return Object.entries(value).flatMap(([name, child]) => leaves(child, `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`));
}

export function deepMerge(base: Fields, over: Fields): Fields {
  const out: Fields = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const below = out[name];
    out[name] = isFields(below) && isFields(value) ? deepMerge(below, value) : value;
  }
  return out;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
