import { formatObjectKey, isKubeObject, jsonOfObject, kubeObjectOf, matchesLabels, objectKeyOf, parseLabelSelector } from '@meshfleet/model';
import type { Json, JsonObject, KubeObject } from '@meshfleet/model';
import { placementLabels } from '../placement/placement.ts';
import { applyPatch } from './apply-patch.ts';
import { fillReferences } from './fill-references.ts';
import type { Resolved, UnfilledReference } from './fill-references.ts';
import { Growth } from './growth.ts';
import type { Reference } from './references.ts';
import type { Patch, RenderedCluster, Template, Variable } from './template.ts';

/** Why an object cannot be rendered for a cluster. */
export interface RenderProblem {
  /** Which object of the template, counted from 0. */
  readonly index: number;
  /** Its key as the template has it, references and all. */
  readonly key: string;
  /** Field of the object; empty for the object as a whole. */
  readonly path: string;
  /** Patch that does not fit, counted from 0. */
  readonly patch?: number;
  readonly summary: string;
  readonly fix: string;
}

export interface Rendering {
  /** In the template's order; those with problems are among them, as far as they came. */
  readonly objects: readonly KubeObject[];
  readonly problems: readonly RenderProblem[];
}

/** What a template says in one cluster: patches that concern it applied, then every reference filled in. */
export function renderObjects(template: Template, cluster: RenderedCluster): Rendering {
  const labels = placementLabels(cluster);
  const patches = template.patches.map((patch, index) => ({ patch, index })).filter(({ patch }) => selects(patch.clusterSelector, labels));
  const values = new Map(template.variables.map((variable) => [variable.name, measured(resolveVariable(variable, cluster, labels))]));
  const resolve = (reference: Reference): Measured =>
    'variable' in reference.to ? (values.get(reference.to.variable) ?? measured(noSuchVariable(reference.to.variable))) : measured(clusterValue(reference, cluster));

  const whole = Growth.ofRendering();
  const problems: RenderProblem[] = [];
  const objects = template.objects.map((object, index): KubeObject => {
    // There are problems by now, and nobody gets the rendering.
    if (whole.isExhausted) return object;
    const key = formatObjectKey(objectKeyOf(object));
    const growth = Growth.ofObject(whole);
    const patched = patchObject(object, patches, growth, (problem) => void problems.push({ index, key, ...problem }));
    if (growth.isExhausted) return patched;
    const { apiVersion, kind, ...rest } = patched;
    const unfilled: UnfilledReference[] = [];
    const filled = fillReferences(rest as JsonObject, (reference) => taken(resolve(reference), growth), unfilled) as JsonObject;
    for (const problem of unfilled) problems.push({ index, key, ...problem });
    if (growth.isExhausted) problems.push({ index, key, path: '', summary: `What references fill in makes ${growth.excess}`, fix: 'Use shorter values, refer to them less often, or split the policy.' });
    return kubeObjectOf({ apiVersion, kind, ...filled });
  });
  return { objects, problems };
}

/** A value with its length as JSON, which is measured once and not for each reference to it. */
type Measured = (Extract<Resolved, { readonly value: Json }> & { readonly length: number }) | Exclude<Resolved, { readonly value: Json }>;

function measured(resolved: Resolved): Measured {
  return 'value' in resolved ? { ...resolved, length: JSON.stringify(resolved.value).length } : resolved;
}

/** Nothing stands for what no longer fits; that it does not is said once. */
function taken(resolved: Measured, growth: Growth): Resolved {
  return 'value' in resolved && !growth.take(resolved.length) ? { value: '' } : resolved;
}

/** Which of a variable's values holds in a cluster: its place in the list, -1 for the default. */
export function chooseValue(variable: Variable, labels: Readonly<Record<string, string>>): number {
  return variable.values.findIndex(({ clusterSelector }) => selects(clusterSelector, labels));
}

/** Whether a patch concerns an object, by what the template says it is. */
export function concerns({ target }: Patch, object: KubeObject): boolean {
  const { group, kind, namespace, name } = objectKeyOf(object);
  const equal = (wanted: string | null, found: string): boolean => wanted === null || wanted === found;
  return equal(target.group, group) && equal(target.kind, kind) && equal(target.namespace, namespace) && equal(target.name, name);
}

export function selects(clusterSelector: string, labels: Readonly<Record<string, string>>): boolean {
  return matchesLabels(parseLabelSelector(clusterSelector), labels);
}

function patchObject(object: KubeObject, patches: readonly { patch: Patch; index: number }[], growth: Growth, say: (problem: Omit<RenderProblem, 'index' | 'key'>) => void): KubeObject {
  let patched = object;
  for (const { patch, index } of patches) {
    if (!concerns(patch, object)) continue;
    const result = applyPatch(jsonOfObject(patched), patch, growth);
    if ('problem' in result) {
      say({ path: '', patch: index, summary: `Patch ${index + 1} does not fit: ${result.problem}`, fix: 'Correct the patch, or narrow its target or cluster selector.' });
      if (growth.isExhausted) break;
      continue;
    }
    const { value } = result;
    if (!isKubeObject(value) || !isSame(value, patched)) {
      say({ path: 'metadata', patch: index, summary: `Patch ${index + 1} makes another object of it`, fix: 'Leave apiVersion, kind, namespace and name as they are; a reference in the name may differ from cluster to cluster.' });
      continue;
    }
    patched = value;
  }
  return patched;
}

function isSame({ apiVersion, kind, metadata }: KubeObject, before: KubeObject): boolean {
  return apiVersion === before.apiVersion && kind === before.kind && metadata.name === before.metadata.name && (metadata.namespace ?? '') === (before.metadata.namespace ?? '');
}

function resolveVariable(variable: Variable, cluster: RenderedCluster, labels: Readonly<Record<string, string>>): Resolved {
  const chosen = chooseValue(variable, labels);
  const value = chosen === -1 ? variable.default : (variable.values[chosen]?.value ?? null);
  if (value === null) {
    return { missing: `none of the values of the variable ${variable.name} is for this cluster, and it has no default`, fix: `Give the variable ${variable.name} a default, or a value whose selector matches the cluster.` };
  }
  const unfilled: UnfilledReference[] = [];
  const filled = fillReferences(value, (reference) => ('variable' in reference.to ? nested(variable.name) : clusterValue(reference, cluster)), unfilled);
  const [first] = unfilled;
  return first === undefined ? { value: filled } : { missing: first.summary, fix: first.fix };
}

function clusterValue({ to }: Reference, cluster: RenderedCluster): Resolved {
  if ('label' in to) {
    // Labels of one's own alone: what is always there has a name of its own.
    const value = Object.hasOwn(cluster.labels, to.label) ? cluster.labels[to.label] : undefined;
    return value === undefined ? { missing: `the cluster has no label ${to.label}`, fix: `Label the cluster, or write a default: \${cluster.labels.${to.label}:-value}.` } : { value };
  }
  const field = 'field' in to ? to.field : 'name';
  const value = cluster[field];
  return value === null ? { missing: `the cluster has no ${field}`, fix: `Set the ${field} of the cluster, or write a default: \${cluster.${field}:-value}.` } : { value };
}

function noSuchVariable(name: string): Resolved {
  return { missing: `there is no variable ${name}`, fix: 'Declare it among the variables of the policy, or correct the name.' };
}

function nested(name: string): Resolved {
  return { missing: `the variable ${name} refers to a variable`, fix: 'Let values of variables refer to values of the cluster alone.' };
}
