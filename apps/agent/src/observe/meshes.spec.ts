import { describe, expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import { meshFacts, meshOfDeployment, revisionOfWebhook } from './meshes.ts';

const deployment = (labels: Record<string, string>, image: string, container = 'discovery', annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'x', namespace: 'mesh', labels, annotations },
  spec: { template: { spec: { containers: [{ name: 'sidecar', image: 'other:9' }, { name: container, image }] } } },
});

describe('the meshes of a cluster', () => {
  it.each([
    ['docker.io/istio/pilot:1.29.1', '1.29.1'],
    ['registry:5000/istio/pilot:1.28.0-distroless@sha256:abc', '1.28.0'],
    ['registry:5000/istio/pilot@sha256:abc', '1.27.3'],
  ])('have the version of the image %s', (image, version) => {
    expect(meshOfDeployment(deployment({ app: 'istiod', 'istio.io/rev': 'canary', 'app.kubernetes.io/version': '1.27.3' }, image))).toEqual({ flavour: 'ISTIO', revision: 'canary', version, namespace: 'mesh' });
  });

  it('include Linkerd, and nothing else', () => {
    expect(meshOfDeployment(deployment({ 'linkerd.io/control-plane-component': 'destination' }, 'x:1', 'destination', { 'linkerd.io/created-by': 'linkerd/cli edge-25.4.4' }))).toMatchObject({ flavour: 'LINKERD', version: 'edge-25.4.4' });
    expect(meshOfDeployment(deployment({ app: 'reviews' }, 'x:1'))).toBeUndefined();
  });

  it('include the revision of a webhook whose istiod is elsewhere', () => {
    const webhook = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: { name: 'w', labels: { app: 'sidecar-injector', 'istio.io/rev': 'remote' } }, webhooks: [{ clientConfig: { url: 'https://x' } }] };
    expect(meshFacts([], [revisionOfWebhook(webhook) ?? { revision: '', namespace: '' }])).toEqual([{ flavour: 'ISTIO', revision: 'remote', version: 'unknown', namespace: 'istio-system' }]);
  });
});
