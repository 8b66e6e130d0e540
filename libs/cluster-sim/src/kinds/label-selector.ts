import type { Fields } from './field.ts';
import { listAt, mapAt, textAt, textsAt } from './field.ts';

/** Whether a LabelSelector (matchLabels, matchExpressions) matches; the empty selector matches everything, as in Kubernetes. */
export function labelsMatch(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(mapAt(selector, 'matchLabels'));
  return wanted.every(([key, value]) => labels[key] === value) && listAt(selector, 'matchExpressions').every((expression) => expressionMatches(expression, labels));
}

/** Whether a plain map selector (a Service's) matches; the empty one matches nothing, for such a Service has endpoints of its own. */
export function mapMatches(selector: Fields, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

/** One requirement on labels; `Gt` and `Lt` exist where nodes are selected (NodeSelectorRequirement). */
export function expressionMatches(expression: Fields, labels: Readonly<Record<string, string>>): boolean {
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
