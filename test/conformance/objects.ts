import type { KubeObject } from '@meshfleet/model';

export const configMaps = (namespace: string): string => `/api/v1/namespaces/${namespace}/configmaps`;
export const deployments = (namespace: string): string => `/apis/apps/v1/namespaces/${namespace}/deployments`;
export const services = (namespace: string): string => `/api/v1/namespaces/${namespace}/services`;
export const widgets = (namespace: string, version = 'v1'): string => `/apis/example.test/${version}/namespaces/${namespace}/widgets`;

export function configMap(name: string, data?: Record<string, string>, labels?: Record<string, string>) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...(labels && { labels }) }, ...(data && { data }) };
}

export function deployment(name: string, replicas = 1) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            { name: 'web', image: 'registry.test/web:1', ports: [{ containerPort: 80 }] },
            { name: 'log', image: 'registry.test/log:1' },
          ],
        },
      },
    },
  };
}

export function widget(name: string, spec: Record<string, unknown>, version = 'v1') {
  return { apiVersion: `example.test/${version}`, kind: 'Widget', metadata: { name }, spec };
}

/** A custom resource with all that structural schemas can say: defaults, pruning, list types, CEL, two versions. */
export const WIDGET_DEFINITION: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.test' },
  spec: {
    group: 'example.test',
    scope: 'Namespaced',
    names: { kind: 'Widget', listKind: 'WidgetList', plural: 'widgets', singular: 'widget', shortNames: ['wd'], categories: ['all'] },
    versions: [version('v1', true), version('v1beta1', false)],
  },
};

function version(name: string, storage: boolean) {
  return {
    name,
    served: true,
    storage,
    subresources: { status: {} },
    additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
    schema: {
      openAPIV3Schema: {
        type: 'object',
        required: ['spec'],
        properties: {
          spec: {
            type: 'object',
            required: ['size'],
            'x-kubernetes-validations': [
              { rule: '!has(self.max) || self.size <= self.max', message: 'size must not exceed max' },
            ],
            properties: {
              size: { type: 'integer', minimum: 1, maximum: 100 },
              max: { type: 'integer' },
              color: { type: 'string', enum: ['red', 'green'], default: 'green' },
              owner: { type: 'string', maxLength: 10, 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'owner is immutable' }] },
              tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
              ports: {
                type: 'array',
                'x-kubernetes-list-type': 'map',
                'x-kubernetes-list-map-keys': ['port'],
                items: {
                  type: 'object',
                  required: ['port'],
                  properties: { port: { type: 'integer' }, name: { type: 'string' }, protocol: { type: 'string', default: 'TCP' } },
                },
              },
              pairs: {
                type: 'array',
                'x-kubernetes-list-type': 'map',
                'x-kubernetes-list-map-keys': ['a', 'b'],
                items: {
                  type: 'object',
                  required: ['a'],
                  properties: { a: { type: 'integer' }, b: { type: 'string', default: 'x' }, value: { type: 'integer' } },
                },
              },
              plain: { type: 'array', items: { type: 'integer' } },
              whole: { type: 'object', 'x-kubernetes-map-type': 'atomic', additionalProperties: { type: 'string' } },
              free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              amount: { 'x-kubernetes-int-or-string': true },
              note: { type: 'string', nullable: true },
            },
          },
          status: { type: 'object', properties: { phase: { type: 'string' }, observed: { type: 'integer' } } },
        },
      },
    },
  };
}
