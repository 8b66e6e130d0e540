import type { KubeObject } from '@meshfleet/model';
import { at, listAt, mapAt, textAt, textsAt } from '../kinds/field.ts';

/** Whether a pod spec's nodeSelector and required node affinity let it run on the node. */
export function selectorAllows(podSpec: unknown, node: KubeObject): boolean {
  const labels = node.metadata.labels ?? {};
  if (!Object.entries(mapAt(podSpec, 'nodeSelector')).every(([key, value]) => labels[key] === value)) return false;
  const terms = listAt(podSpec, 'affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  return terms.length === 0 || terms.some((term) => listAt(term, 'matchExpressions').every((expression) => expressionAllows(expression, labels)));
}

/** The node with the fewest pods among those that may run it; undefined when none may. Ties go by name, so placement repeats. */
export function chooseNode(pod: KubeObject, nodes: readonly KubeObject[], load: ReadonlyMap<string, number>): string | undefined {
  const candidates = nodes.filter((node) => at(node, 'spec', 'unschedulable') !== true && selectorAllows(pod['spec'], node)).map((node) => node.metadata.name ?? '');
  return candidates.toSorted((a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0) || (a < b ? -1 : 1))[0];
}

function expressionAllows(expression: unknown, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[textAt(expression, 'key') ?? ''];
  const values = textsAt(expression, 'values');
  switch (textAt(expression, 'operator')) {
    case 'In': return value !== undefined && values.includes(value);
    case 'NotIn': return value === undefined || !values.includes(value);
    case 'Exists': return value !== undefined;
    case 'DoesNotExist': return value === undefined;
    case 'Gt': return Number(value) > Number(values[0]);
    case 'Lt': return Number(value) < Number(values[0]);
    default: return false;
  }
}
