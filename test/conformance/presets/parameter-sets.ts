import { renderPreset } from '@meshfleet/manifest';
import type { Preset } from '@meshfleet/manifest';
import type { Json, JsonObject, KubeObject } from '@meshfleet/model';
import fc from 'fast-check';
import { arbitraryParameters } from '../../../libs/istio/src/presets/parameters-arbitrary.fixture.ts';

/** Parameters that a preset takes, and what it writes for them. */
export interface ParameterSet {
  readonly preset: string;
  /** Which one of the preset's it is: "the example" or "random 2". */
  readonly title: string;
  readonly parameters: unknown;
  readonly objects: readonly KubeObject[];
}

/** How many random sets beside the example. */
export const RANDOM_SETS = Number(process.env['MESHFLEET_RUNS'] ?? '2');
const SEED = Number(process.env['MESHFLEET_SEED'] ?? '20261126');
const NAMESPACE_FIELD = /namespaces?$/i;
const BATCH = 4;
/** In all: presets with many rules of their own refuse most. */
const MOST_DRAWS = 2_000;

/**
 * The example of a preset, and random parameters beside it that the preset takes. Each set has namespaces and hosts of its
 * own, so that many can stand in one cluster and none touches the other; the mesh’s root namespace alone is one.
 */
export function parameterSets(preset: Preset, random: number): ParameterSet[] {
  const sets: ParameterSet[] = [];
  const take = (title: string, parameters: unknown): void => {
    const rendered = renderPreset(preset, parameters);
    if (!('problems' in rendered)) sets.push({ preset: preset.name, title, parameters, objects: rendered.objects });
  };
  take('the example', apart(preset.example as Json, `${preset.name}-0`));
  const arbitrary = arbitraryParameters(preset.parameters, { namespaces: ['one', 'two'] });
  for (let draws = 0; sets.length <= random && draws < MOST_DRAWS; draws += BATCH) {
    for (const drawn of fc.sample(arbitrary, { seed: SEED + draws * 1_000 + numberOf(preset.name), numRuns: BATCH })) {
      const tag = `${preset.name}-${String(sets.length)}`;
      if (sets.length <= random) take(`random ${String(sets.length)}`, apart(ofRoot(drawn as Json, 'root'), tag));
    }
  }
  return sets;
}

/** Presets draw apart, lest all be asked of the same few names. */
function numberOf(name: string): number {
  return [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000, 0);
}

/** Parameters with namespaces of their own, wherever they are named, also within longer names. */
function apart(parameters: Json, tag: string): Json {
  const namespaces = [...new Set(namespacesIn(parameters))].filter((name) => name !== 'istio-system' && name !== '*');
  const rename = (text: string): string => namespaces.reduce((renamed, name) => renamed.replaceAll(new RegExp(`(?<![\\w-])${name}(?![\\w-])`, 'g'), `${tag}-${name}`), text);
  return hostsApart(mapTexts(parameters, rename), tag);
}

function hostsApart(parameters: Json, tag: string): Json {
  return mapTexts(parameters, (text) => text.replaceAll(/example\.(com|org|net)/g, `${tag}.example.$1`));
}

/** A policy for the mesh stands in the root namespace: sets would meet there. */
function ofRoot(parameters: Json, rootNamespace: string): Json {
  if (Array.isArray(parameters)) return parameters.map((item) => ofRoot(item, rootNamespace));
  if (!isObject(parameters)) return parameters;
  const children = Object.fromEntries(Object.entries(parameters).map(([key, child]) => [key, ofRoot(child, rootNamespace)]));
  return parameters['scope'] === 'MESH' || parameters['scope'] === 'ALL_WAYPOINTS' ? { ...children, rootNamespace } : children;
}

function namespacesIn(parameters: Json): string[] {
  if (Array.isArray(parameters)) return parameters.flatMap(namespacesIn);
  if (!isObject(parameters)) return [];
  return Object.entries(parameters).flatMap(([key, child]) => (NAMESPACE_FIELD.test(key) ? [child].flat().filter((name) => typeof name === 'string') : namespacesIn(child)));
}

function mapTexts(value: Json, change: (text: string) => string): Json {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, child]) => [key, mapTexts(child, change)])) : value;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
