import { contentHash, jsonOfObject } from '@meshfleet/model';
import { placementLabels } from '../placement/placement.ts';
import { hasReferences, inputOf, splitReferences } from './references.ts';
import { chooseValue, selects } from './render-objects.ts';
import type { RenderedCluster, Template } from './template.ts';
import { walkTexts } from './walk-texts.ts';

/**
 * What a template's renderings depend on: the values of a cluster that it refers to, sorted. Null when every cluster gets
 * the very objects of the template, which then is none.
 */
export function inputsOf(template: Template): string[] | null {
  const inputs = new Set<string>();
  let rendered = template.patches.length > 0;
  const visit = (text: string): void => {
    if (!hasReferences(text)) return;
    rendered = true;
    for (const part of splitReferences(text)) {
      const input = typeof part === 'string' ? undefined : inputOf(part);
      if (input !== undefined) inputs.add(input);
    }
  };
  for (const object of template.objects) walkTexts(jsonOfObject(object), visit);
  for (const patch of template.patches) walkTexts(patch.value, visit);
  if (!rendered) return null;
  for (const { default: otherwise, values } of template.variables) for (const value of [otherwise, ...values.map((one) => one.value)]) walkTexts(value, visit);
  return [...inputs].sort();
}

/** A version as far as it decides which rendering a cluster gets. */
export interface RenderedVersion extends Omit<Template, 'objects'> {
  readonly inputs: readonly string[];
  /** By their keys; references in names do not matter. */
  readonly objects: readonly { readonly key: string }[];
}

/** Kinds of objects by their keys, sorted: `VirtualService.networking.istio.io`. */
export function kindsOf(objects: readonly { readonly key: string }[]): string[] {
  return [...new Set(objects.map(({ key }) => key.slice(0, key.indexOf('/'))))].sort();
}

/**
 * Names the rendering that a cluster gets of a version: equal for clusters that are alike in all that it depends on, so
 * that they share one.
 */
export function renderingOf({ inputs, variables, patches, objects }: RenderedVersion, cluster: RenderedCluster): string {
  const labels = placementLabels(cluster);
  return contentHash([
    inputs.map((input) => valueOf(input, cluster)),
    variables.map((variable) => chooseValue(variable, labels)),
    patches.map((patch) => selects(patch.clusterSelector, labels)),
    kindsOf(objects).map((kind) => cluster.kindSchemas?.[kind] ?? null),
  ]);
}

function valueOf(input: string, cluster: RenderedCluster): string | null {
  if (input.startsWith('labels.')) {
    const key = input.slice('labels.'.length);
    return Object.hasOwn(cluster.labels, key) ? (cluster.labels[key] ?? null) : null;
  }
  switch (input) {
    case 'name':
    case 'uid':
    case 'region':
    case 'zone':
    case 'network':
    case 'mesh':
      return cluster[input];
    default:
      return null;
  }
}
