import type { KubeClient, Resource } from '@meshfleet/kube';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { selfSigned } from '../../../apps/agent/src/testing/self-signed.ts';

const WEBHOOKS: Resource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  namespaced: false,
};
const NAME = 'mood';

export interface RefusingWebhook {
  readonly calls: number;
  /** Stops answering: failurePolicy Fail then refuses everything. */
  die(): Promise<void>;
  remove(): Promise<void>;
}

/** A validating webhook for VirtualServices that says no with the given words; without words it never answers. */
export async function refuseByWebhook(admin: KubeClient, words: string | undefined, only = 'true'): Promise<RefusingWebhook> {
  const { certPem, keyPem } = await selfSigned();
  let calls = 0;
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    void json(request).then((body) => {
      calls += 1;
      if (words === undefined) return;
      // An AdmissionReview: the API server sends nothing else here.
      const { uid } = (body as { request: { uid: string } }).request;
      const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: false, status: { code: 403, message: words } } };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(review));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  const die = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  await admin.create(WEBHOOKS, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: NAME },
    webhooks: [
      {
        name: 'mood.meshfleet.example',
        clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(certPem).toString('base64') },
        rules: [{ operations: ['CREATE', 'UPDATE'], apiGroups: ['networking.istio.io'], apiVersions: ['*'], resources: ['virtualservices'] }],
        failurePolicy: 'Fail',
        timeoutSeconds: 30,
        matchConditions: [{ name: 'only', expression: only }],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  });
  return {
    get calls() {
      return calls;
    },
    die,
    async remove() {
      await die();
      const { metadata } = await admin.get(WEBHOOKS, '', NAME);
      await admin.delete(WEBHOOKS, '', NAME, { uid: metadata.uid ?? '' });
    },
  };
}
