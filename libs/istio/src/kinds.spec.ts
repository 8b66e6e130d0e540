import { compileExpression, compileSchema, kindFactsOf } from '@meshfleet/manifest';
import type { KindFacts, SchemaNode } from '@meshfleet/manifest';
import type { JsonObject } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { gatewayApiKinds, istioCustomResourceDefinitions, istioKinds, sailKinds } from './kinds.ts';

const everyKind: readonly KindFacts[] = [...istioKinds(), ...gatewayApiKinds(), ...gatewayApiKinds('experimental'), ...sailKinds()];

function eachNode(value: unknown, visit: (node: SchemaNode) => void): void {
  if (typeof value !== 'object' || value === null) return;
  visit(value as SchemaNode);
  for (const child of Object.values(value)) eachNode(child, visit);
}

describe('the facts of Istio’s, the Gateway API’s and Sail Operator’s kinds', () => {
  it('name the kinds that users write', () => {
    const names = everyKind.map((kind) => `${kind.kind}.${kind.group}`);
    expect(names).toEqual(expect.arrayContaining(['VirtualService.networking.istio.io', 'PeerAuthentication.security.istio.io', 'HTTPRoute.gateway.networking.k8s.io', 'ZTunnel.sailoperator.io']));
    expect(istioKinds()).toHaveLength(14);
  });

  it('keep one version in storage, and know who is served and deprecated', () => {
    for (const kind of everyKind) expect(kind.versions.filter((version) => version.storage), kind.kind).toHaveLength(1);
    const service = istioKinds().find((kind) => kind.kind === 'VirtualService');
    expect(service?.versions.map(({ name, served, storage }) => ({ name, served, storage }))).toEqual([
      { name: 'v1', served: true, storage: true },
      { name: 'v1alpha3', served: true, storage: false },
      { name: 'v1beta1', served: true, storage: false },
    ]);
    expect(service?.shortNames).toEqual(['vs']);
    expect(service?.versions[0]?.printerColumns.map((column) => column.name)).toEqual(['Gateways', 'Hosts', 'Age']);
  });

  it('share one schema among versions that have the same', () => {
    const [v1, v1alpha3] = istioKinds().find((kind) => kind.kind === 'VirtualService')?.versions ?? [];
    expect(v1alpha3?.schema).toBe(v1?.schema);
  });

  it('hold no prose', () => {
    for (const kind of everyKind) {
      for (const version of kind.versions) eachNode(version.schema.properties?.['spec'], (node) => expect('description' in node && typeof (node as unknown as JsonObject)['description'] === 'string').toBe(false));
    }
  });

  it('have no CEL rule that we cannot compile', () => {
    const rules = new Set<string>();
    eachNode(everyKind.map((kind) => kind.versions.map((version) => version.schema)), (node) => {
      for (const rule of node['x-kubernetes-validations'] ?? []) {
        rules.add(rule.rule);
        if (rule.messageExpression !== undefined) rules.add(rule.messageExpression);
      }
    });
    expect(rules.size).toBeGreaterThan(120);
    expect([...rules].map((rule) => [rule, compileExpression(rule)] as const).filter(([, compiled]) => 'error' in compiled)).toEqual([]);
  });

  it('have no pattern that we cannot compile', () => {
    const patterns = new Set<string>();
    eachNode(everyKind.map((kind) => kind.versions.map((version) => version.schema)), (node) => {
      if (typeof node.pattern === 'string') patterns.add(node.pattern);
    });
    for (const pattern of patterns) {
      const wrong = compileSchema({ type: 'string', pattern }).validate('\u0000').map((violation) => violation.message);
      expect(wrong.join()).not.toContain('but pattern is invalid');
    }
  });

  it('make definitions that give the same facts back', () => {
    expect(istioCustomResourceDefinitions().map((definition) => kindFactsOf(JSON.parse(JSON.stringify(definition)) as JsonObject))).toEqual(istioKinds());
  });
});
