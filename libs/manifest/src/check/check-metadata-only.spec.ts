import { isMetadataOnly } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { createCatalogue } from '../catalogue/kind-catalogue.ts';
import { parseManifests } from '../parse/parse-manifests.ts';
import { checkManifests } from './check-manifests.ts';

const check = (text: string) => checkManifests(parseManifests(text).documents, createCatalogue([]), { manages: () => false, defaultNamespace: 'shop' });
const problems = (text: string) => check(text).problems.map(({ code, where, summary }) => [code, where.line, summary]);

describe('labels and annotations of what is somebody else’s', () => {
  it('are taken for namespaces, services and workloads, those of pods included', () => {
    const { objects, problems } = check(`
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews, annotations: {note: x}, creationTimestamp: null}
spec:
  template:
    metadata:
      creationTimestamp: null
      labels: {sidecar.istio.io/inject: "true"}
---
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: bank, annotations: {networking.istio.io/exportTo: "."}}
`);
    expect(problems).toEqual([]);
    expect(objects.map(({ object, mode }) => [mode, object])).toEqual([
      ['METADATA', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } } }],
      ['METADATA', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'reviews', namespace: 'shop', annotations: { note: 'x' } }, spec: { template: { metadata: { labels: { 'sidecar.istio.io/inject': 'true' } } } } }],
      ['METADATA', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'reviews', namespace: 'bank', annotations: { 'networking.istio.io/exportTo': '.' } } }],
    ]);
    expect(objects.every(({ object }) => isMetadataOnly(object))).toBe(true);
  });

  it.each([
    ['a whole workload', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, labels: {a: b}}\nspec:\n  replicas: 1\n', ['MANIFEST_KIND_NOT_MANAGED', 5, 'Policies set labels and annotations of a Deployment, and leave spec.replicas alone']],
    ['containers', 'apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: x, labels: {a: b}}\nspec:\n  template:\n    spec: {}\n', ['MANIFEST_KIND_NOT_MANAGED', 6, 'Policies set labels and annotations of a DaemonSet, and leave spec.template.spec alone']],
    ['a whole service', 'apiVersion: v1\nkind: Service\nmetadata: {name: x, labels: {a: b}}\nspec: {ports: []}\n', ['MANIFEST_KIND_NOT_MANAGED', 4, 'Policies set labels and annotations of a Service, and leave spec alone']],
    ['finalizers', 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: x\n  finalizers: [a]\n', ['MANIFEST_KIND_NOT_MANAGED', 5, 'Policies set labels and annotations of a Namespace, and leave metadata.finalizers alone']],
    ['nothing', 'apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n', ['MANIFEST_INVALID', 3, 'The Namespace x is given neither label nor annotation']],
    ['a label that is no text', 'apiVersion: v1\nkind: Namespace\nmetadata: {name: x, labels: {a: true}}\n', ['MANIFEST_INVALID', 3, 'The label a is not text but true']],
    ['an older version', 'apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: x, labels: {a: b}}\n', ['MANIFEST_UNKNOWN_KIND', 1, 'Deployment has no version "v1beta1"']],
    ['a pod’s label of the wrong form', 'apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: x}\nspec:\n  template:\n    metadata:\n      labels:\n        a: "b c"\n', ['MANIFEST_INVALID', 8, '"b c" cannot be the value of a label']],
  ])('are refused with %s', (_what, text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });

  it('of one object stand in one document', () => {
    const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: x, labels: {a: b}}\n';
    expect(problems(`${namespace}---\n${namespace}`)).toMatchObject([['MANIFEST_DUPLICATE', 7, expect.any(String)]]);
  });
});
