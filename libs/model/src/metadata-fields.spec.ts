import { describe, expect, it } from 'vitest';
import type { KubeObject } from './kubernetes.ts';
import { metadataFieldsOf, withMetadataFields } from './metadata-fields.ts';

describe('the fields of an object that is only labelled', () => {
  const deployment: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop', labels: { 'a.b/c': '1' }, annotations: { note: 'x' } }, spec: { template: { metadata: { annotations: { 'sidecar.istio.io/inject': 'true' } } } } };

  it('are named as server-side apply names them, and make the object again', () => {
    const fields = metadataFieldsOf(deployment);
    expect([...fields]).toEqual([['.metadata.labels.a.b/c', '1'], ['.metadata.annotations.note', 'x'], ['.spec.template.metadata.annotations.sidecar.istio.io/inject', 'true']]);
    expect(withMetadataFields(deployment, fields)).toEqual(deployment);
  });
});
