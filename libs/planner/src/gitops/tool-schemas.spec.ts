import { compileSchema, parseValue, type SchemaNode } from '@meshfleet/manifest';
import type { Json, JsonObject, KubeObject } from '@meshfleet/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ignoreRules, type GitopsTool } from './ignore-rules.ts';
import { APPLICATION, HELM_RELEASE, KUSTOMIZATION, OVERRIDE, PROJECT } from './tool-schemas.fixture.ts';

/** What a server with this schema would say, and which fields it would drop. */
function complaints(node: SchemaNode, value: Json): string[] {
  const schema = compileSchema(node);
  return [...schema.prune(value, { root: 'value' }).pruned, ...schema.validate(value, { root: 'value' }).map(({ path, message }) => `${path}: ${message}`)];
}

const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,8}[a-z0-9])?$/);
const object = fc.record({ apiVersion: fc.constantFrom('v1', 'apps/v1', 'networking.istio.io/v1', 'networking-istio.io/v1', 'gateway.networking.k8s.io/v1'), kind: fc.constantFrom('Service', 'VirtualService'), name, namespace: fc.option(name, { nil: undefined }), labels: fc.dictionary(name, name, { noNullPrototype: true }), spec: fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue(), { noNullPrototype: true, maxKeys: 3 }) })
  .map(({ apiVersion, kind, name: called, namespace, labels, spec }): KubeObject => ({ apiVersion, kind, metadata: { name: called, ...(namespace === undefined ? {} : { namespace }), labels }, spec }));

describe('rules for GitOps tools', () => {
  it.each<[GitopsTool, SchemaNode]>([
    ['ARGO_CD_APPLICATION', APPLICATION],
    ['ARGO_CD_PROJECT', PROJECT],
    ['FLUX_KUSTOMIZATION', KUSTOMIZATION],
    ['FLUX_HELM_RELEASE', HELM_RELEASE],
  ])('are what the schema of %s takes, with no field that it would drop', (tool, node) => {
    fc.assert(fc.property(fc.array(object, { maxLength: 4 }), (objects) => {
      expect(complaints(node, ignoreRules(tool, objects))).toEqual([]);
    }));
    expect(complaints(node, { spec: { ignored: [], driftDetection: { mode: 'on' } } })).not.toEqual([]);
  });

  it('are settings of Argo CD that it can read, under the name of each kind', () => {
    fc.assert(fc.property(fc.array(object, { maxLength: 4 }), (objects) => {
      const { data } = ignoreRules('ARGO_CD_CONFIG_MAP', objects) as { data: Record<string, string> }; // a ConfigMap
      for (const [key, value] of Object.entries(data)) {
        expect(key).toMatch(/^resource\.customizations\.ignoreDifferences\.[-a-z0-9.]*_[A-Z][A-Za-z]+$/);
        const parsed = parseValue(value);
        if (!('value' in parsed)) expect.unreachable(key);
        expect(complaints(OVERRIDE, parsed.value)).toEqual([]);
      }
    }));
  });

  it('name to Flux, whose targets are regular expressions, the object alone and no other', () => {
    fc.assert(fc.property(object, object, (mine, other) => {
      const { spec } = ignoreRules('FLUX_KUSTOMIZATION', [mine]) as unknown as { spec: { ignore: { target: Record<string, string> }[] } }; // as the schema above says
      const target = spec.ignore[0]?.target ?? {};
      const facts = (of: KubeObject): JsonObject => ({ group: of.apiVersion.includes('/') ? (of.apiVersion.split('/')[0] ?? '') : '', kind: of.kind, namespace: of.metadata.namespace ?? '', name: of.metadata.name ?? '' });
      const fits = (of: KubeObject): boolean => Object.entries(target).every(([field, pattern]) => new RegExp(`^(?:${pattern})$`).test(String(facts(of)[field])));
      expect(fits(mine)).toBe(true);
      // Without a group or a namespace in it, a target speaks of all of them.
      const same = Object.keys(target).every((field) => facts(other)[field] === facts(mine)[field]);
      expect(fits(other)).toBe(same);
    }));
  });
});
