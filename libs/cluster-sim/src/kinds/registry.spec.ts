import { describe, expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import { customResourcesOf } from '../crd/custom-resources.ts';
import { builtinSchema, goTypeOf } from './builtin-schema.ts';
import { builtin, createRegistry } from './registry.ts';

const WIDGETS: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', singular: 'widget', listKind: 'WidgetList', shortNames: ['wg'] },
    versions: [
      { name: 'v1alpha1', served: true, storage: false, schema: { openAPIV3Schema: { type: 'object' } } },
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer', description: 'how large' } } } } } },
        subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
      },
      { name: 'v1beta1', served: false, storage: false, schema: { openAPIV3Schema: { type: 'object' } } },
    ],
  },
};

describe('the registry', () => {
  it('serves what a default kube-apiserver serves, in its order', () => {
    const resources = createRegistry().resources();
    const groups = [...new Set(resources.map((info) => info.group))];
    expect(groups.slice(0, 3)).toEqual(['', 'apiregistration.k8s.io', 'apps']);
    expect(groups).toContain('admissionregistration.k8s.io');
    expect(resources.every((info) => /^v\d+$/.test(info.version))).toBe(true);
  });

  it('knows scope, short names, categories and subresources of a built-in', () => {
    const deployments = builtin(createRegistry(), 'apps', 'v1', 'deployments');
    expect(deployments).toMatchObject({ kind: 'Deployment', singular: 'deployment', namespaced: true, shortNames: ['deploy'], categories: ['all'], custom: false });
    expect(deployments.subresources).toEqual(['scale', 'status']);
    expect(deployments.subresourceDetails?.[0]).toMatchObject({ name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1' });
    expect(createRegistry().byKind('', 'v1', 'Namespace')).toMatchObject({ plural: 'namespaces', namespaced: false });
  });

  it('shares built-in schemas between clusters, so that they are compiled once', () => {
    const [one, two] = [createRegistry(), createRegistry()];
    const node = one.schemaFor(builtin(one, '', 'v1', 'pods')).node;
    expect(two.schemaFor(builtin(two, '', 'v1', 'pods')).node).toBe(node);
    expect(goTypeOf(node)).toBe('Pod');
  });

  it('carries merge keys, list types and real defaults, but not the zero values of Go', () => {
    const containers = builtinSchema('io.k8s.api.core.v1.PodSpec')?.properties?.['containers'];
    expect(containers).toMatchObject({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], 'x-kubernetes-patch-merge-key': 'name' });
    const port = containers?.items?.properties?.['ports']?.items?.properties;
    expect(port?.['protocol']?.default).toBe('TCP');
    expect(port?.['containerPort']).not.toHaveProperty('default');
  });

  it('follows recursive types without end', () => {
    const schema = builtinSchema('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps');
    expect(schema?.properties?.['not']?.properties?.['not']?.properties?.['type']).toEqual({ type: 'string' });
    expect(schema?.properties?.['items']?.['x-kubernetes-preserve-unknown-fields']).toBe(true);
  });

  it('serves the served versions of a CRD, newest first, tells listeners, and withdraws them again', () => {
    const registry = createRegistry();
    let changes = 0;
    const cancel = registry.onChange(() => (changes += 1));
    registry.serveCustom('widgets.example.com', customResourcesOf(WIDGETS));
    const served = registry.resources().filter((info) => info.group === 'example.com');
    expect(served.map((info) => info.version)).toEqual(['v1', 'v1alpha1']);
    expect(served[0]).toMatchObject({ custom: true, storageVersion: 'v1', shortNames: ['wg'], subresources: ['status', 'scale'], scale: { specReplicasPath: '.spec.size' } });
    expect(served[0]?.printerColumns.map((column) => column.name)).toEqual(['Name', 'Size']);
    expect(served[1]?.printerColumns.map((column) => column.name)).toEqual(['Name', 'Age']);
    registry.serveCustom('widgets.example.com', []);
    expect(registry.find('example.com', 'v1', 'widgets')).toBeUndefined();
    expect(changes).toBe(2);
    cancel();
  });

  it('shares the schemas of equal CRDs between clusters', () => {
    const [one] = customResourcesOf(WIDGETS);
    const [two] = customResourcesOf(structuredClone(WIDGETS));
    expect(two?.schema).toBe(one?.schema);
  });
});

describe('OpenAPI v3', () => {
  it('lists a document per group and version, each under a hash of its content', () => {
    const { index } = createRegistry().openapiV3();
    const paths = index['paths'] as Record<string, { serverRelativeURL: string }>;
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(['api/v1', 'apis/apps/v1']));
    expect(paths['apis/apps/v1']?.serverRelativeURL).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/);
  });

  it('answers documents in which every reference leads somewhere', () => {
    const api = createRegistry().openapiV3();
    for (const path of Object.keys(api.index['paths'] as object)) {
      const document = api.document(path) as { components: { schemas: Record<string, unknown> } };
      const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1] ?? '');
      expect(references.filter((name) => !Object.hasOwn(document.components.schemas, name))).toEqual([]);
    }
  });

  it('tells kubectl that built-ins take strategic patches and custom resources do not', () => {
    const registry = createRegistry();
    registry.serveCustom('widgets.example.com', customResourcesOf(WIDGETS));
    const patchTypes = (path: string, item: string): string[] => {
      const document = registry.openapiV3().document(path) as { paths: Record<string, { patch: { requestBody: { content: object } } }> };
      return Object.keys(document.paths[item]?.patch.requestBody.content ?? {});
    };
    expect(patchTypes('apis/apps/v1', '/apis/apps/v1/namespaces/{namespace}/deployments/{name}')).toContain('application/strategic-merge-patch+json');
    expect(patchTypes('apis/example.com/v1', '/apis/example.com/v1/namespaces/{namespace}/widgets/{name}')).not.toContain('application/strategic-merge-patch+json');
  });

  it('publishes the descriptions of a CRD, which `kubectl explain` shows', () => {
    const registry = createRegistry();
    registry.serveCustom('widgets.example.com', customResourcesOf(WIDGETS));
    const text = JSON.stringify(registry.openapiV3().document('apis/example.com/v1'));
    expect(text).toContain('how large');
    expect(text).toContain('com.example.v1.Widget');
  });
});
