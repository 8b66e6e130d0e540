import type { DeprecatedField } from '@meshfleet/manifest';
import { ISTIO_DEPRECATED_FIELDS } from '../../../deprecated-fields.ts';
import { defineRule } from '../../engine/rule.ts';
import type { Problem } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import { at, list } from '../../read-value.ts';

/** What istioctl warns of itself, as IST0002. */
const BY_ISTIOCTL = 'spec.http[].fault.delay.percent';

/** Deprecated fields by the steps of their paths, so that an object is walked once for all of them. */
interface PathNode {
  readonly fields: DeprecatedField[];
  readonly children: Map<string, PathNode>;
}

const newNode = (): PathNode => ({ fields: [], children: new Map() });

const treesByKind = new Map(
  [...Map.groupBy(ISTIO_DEPRECATED_FIELDS.filter(({ path }) => path !== BY_ISTIOCTL), ({ kind, group }) => `${kind}.${group}`)].map(([kind, fields]) => [kind, treeOf(fields)]),
);

function treeOf(fields: readonly DeprecatedField[]): PathNode {
  const root = newNode();
  for (const field of fields) {
    const [path = ''] = field.path.split('=');
    let node = root;
    // `spec.http[].fault` is a walk through spec, http, [] and fault.
    for (const step of path.replaceAll('[]', '.[]').split('.').slice(1)) {
      const child = node.children.get(step) ?? newNode();
      node.children.set(step, child);
      node = child;
    }
    node.fields.push(field);
  }
  return root;
}

/** Every other field that Istio's API marks as deprecated. */
export const deprecatedField = defineRule({
  code: 'MF0011',
  name: 'DeprecatedField',
  severity: 'WARNING',
  title: 'Field of an older API',
  why: 'Istio’s API marks the field as deprecated: it is ignored, or will be.',
  fix: 'Write the field that took its place.',
  example: `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec: {host: cart, trafficPolicy: {loadBalancer: {simple: LEAST_CONN}}}
`,
  on: [KIND.DestinationRule, KIND.Gateway, KIND.RequestAuthentication, KIND.Sidecar, KIND.VirtualService],
  reads: {},
  evaluate(subject) {
    const problems: Problem[] = [];
    const tree = treesByKind.get(subject.kind);
    if (tree !== undefined) walk(subject.spec, tree, 'spec', problems);
    return problems;
  },
});

function walk(value: unknown, { fields, children }: PathNode, path: string, problems: Problem[]): void {
  if (value === undefined || value === null) return;
  for (const field of fields) {
    const wanted = field.path.split('=')[1];
    if (wanted === undefined || value === wanted) problems.push(problemOf(field, path, wanted));
  }
  for (const [step, child] of children) {
    if (step === '[]') for (const [i, item] of list(value).entries()) walk(item, child, `${path}[${i}]`, problems);
    else walk(at(value, step), child, `${path}.${step}`, problems);
  }
}

function problemOf({ instead, why }: DeprecatedField, path: string, value: string | undefined): Problem {
  const name = `${path.replace(/\[\d+\]/g, '[]')}${value === undefined ? '' : `: ${value}`}`;
  return { path, message: `${name} is deprecated: ${why}`, fix: instead === 'nothing' ? 'Remove it.' : `Write ${instead} instead.` };
}
