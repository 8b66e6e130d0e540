import type { KubeObject } from '@meshfleet/model';
import { at, listAt, mapAt, type Fields } from '../kinds/field.ts';
import { expressionMatches } from '../kinds/label-selector.ts';

/** Whether a pod spec's nodeSelector and required node affinity let it run on the node. */
export function selectorAllows(podSpec: unknown, node: KubeObject): boolean {
  const labels = node.metadata.labels ?? {};
  if (!Object.entries(mapAt(podSpec, 'nodeSelector')).every(([key, value]) => labels[key] === value)) return false;
  const terms = listAt(podSpec, 'affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  return terms.length === 0 || terms.some((term) => termAllows(term, node));
}

/** The node with the fewest pods among those that may run it; undefined when none may. Ties go by name, so placement repeats. */
export function chooseNode(pod: KubeObject, nodes: readonly KubeObject[], load: ReadonlyMap<string, number>): string | undefined {
  const candidates = nodes.filter((node) => at(node, 'spec', 'unschedulable') !== true && selectorAllows(pod['spec'], node)).map((node) => node.metadata.name ?? '');
  return candidates.toSorted((a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0) || (a < b ? -1 : 1))[0];
}

/** A term without any requirement matches no node (v1.NodeSelectorTerm); the only field to select by is the node's name. */
function termAllows(term: Fields, { metadata: { name = '', labels = {} } }: KubeObject): boolean {
  const onLabels = listAt(term, 'matchExpressions');
  const onFields = listAt(term, 'matchFields');
  if (onLabels.length + onFields.length === 0) return false;
  return onLabels.every((expression) => expressionMatches(expression, labels)) && onFields.every((expression) => expressionMatches(expression, { 'metadata.name': name }));
}
