import { ISTIO_DEPRECATED_FIELDS } from '../../../deprecated-fields.ts';
import type { DeprecatedField } from '@meshfleet/manifest';
import { defineRule } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import { at, list } from '../../read-value.ts';

/** What istioctl warns of itself, as IST0002. */
const BY_ISTIOCTL = 'spec.http[].fault.delay.percent';

const fieldsByKind = Map.groupBy(ISTIO_DEPRECATED_FIELDS.filter(({ path }) => path !== BY_ISTIOCTL), ({ kind, group }) => `${kind}.${group}`);

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
  *evaluate(subject) {
    for (const field of fieldsByKind.get(subject.kind) ?? []) {
      const [path = '', wanted] = field.path.split('=');
      for (const found of valuesAt(subject.spec, path.split('.').slice(1), 'spec')) {
        if (wanted === undefined || found.value === wanted) yield problemOf(field, found.path, wanted);
      }
    }
  },
});

function problemOf({ instead, why }: DeprecatedField, path: string, value: string | undefined): { path: string; message: string; fix: string } {
  const name = `${path.replace(/\[\d+\]/g, '[]')}${value === undefined ? '' : `: ${value}`}`;
  return { path, message: `${name} is deprecated: ${why}`, fix: instead === 'nothing' ? 'Remove it.' : `Write ${instead} instead.` };
}

/** The values at a path in which `[]` stands for each item of a list. */
function* valuesAt(value: unknown, steps: readonly string[], path: string): Generator<{ path: string; value: unknown }> {
  const [step, ...rest] = steps;
  if (value === undefined || value === null) return;
  if (step === undefined) {
    yield { path, value };
    return;
  }
  const name = step.replace('[]', '');
  const child = at(value, name);
  if (!step.endsWith('[]')) yield* valuesAt(child, rest, `${path}.${name}`);
  else for (const [i, item] of list(child).entries()) yield* valuesAt(item, rest, `${path}.${name}[${i}]`);
}
