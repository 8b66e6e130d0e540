import { deployGateway, kubectl } from '@meshfleet/cluster-real';
import { callEdge, callEdgeTimes, type EdgeCall } from './call-edge.ts';
import { render, under, type PresetProof, type Rendered, type Stage } from './stage.ts';
import { until, untilEvery } from './until.ts';

const CALLS = 50;
const HOST = 'shop.example.com';
const GATEWAYS = 'istio-ingress';

/** Calls come from outside of the mesh to the address that the load balancer gave the gateway. */
export const ingress: PresetProof = {
  presets: ['ingress-gateway', 'gateway-api-ingress'],
  prove: async (stage) => {
    await ingressGateway(stage);
    await gatewayApiIngress(stage);
  },
};

/** A server's certificate, with the roots of clients beside it; and two clients that these vouch for. */
async function createCertificates({ cluster, world }: Stage, namespace: string): Promise<Record<'partner' | 'stranger', { cert: string; key: string }>> {
  const server = await world.issue(HOST, 'SERVER');
  const stringData = { 'tls.crt': server.certPem, 'tls.key': server.keyPem, 'ca.crt': world.caPem };
  await kubectl(cluster.kubeconfigFile, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name: 'shop-example-com', namespace }, stringData }));
  const [partner, stranger] = await Promise.all(['partner.example.com', 'stranger.example.com'].map(async (name) => {
    const { certPem, keyPem } = await world.issue(name, 'CLIENT');
    return { cert: certPem, key: keyPem };
  }));
  return { partner: partner ?? { cert: '', key: '' }, stranger: stranger ?? { cert: '', key: '' } };
}

async function row({ report }: Stage, what: string, call: EdgeCall, expected: string): Promise<void> {
  const counts = await callEdgeTimes(CALLS, call);
  report.row({ sent: `${CALLS} ${what}`, expected: `all ${expected}`, seen: [...counts].map(([seen, count]) => `${count} × ${seen}`).join(', '), passed: counts.get(expected) === CALLS });
}

async function ingressGateway(stage: Stage): Promise<void> {
  const { cluster, namespace, world, report, istiodMinor } = stage;
  report.section('ingress-gateway');
  const address = await deployGateway(cluster, { name: 'istio-ingressgateway', namespace: GATEWAYS, version: istiodMinor });
  const { partner, stranger } = await createCertificates(stage, GATEWAYS);
  const secure: EdgeCall = { address, host: HOST, ca: world.caPem };
  const service = (name: string): string => `${name}.${namespace}.svc.cluster.local`;
  const as = (tls: object): Rendered =>
    render('ingress-gateway', { name: 'shop', namespace, hosts: [HOST], tls: { credentialName: 'shop-example-com', ...tls }, routes: [{ pathPrefix: '/api', service: service('other'), port: 8080 }, { service: service('echo'), port: 8080 }] });
  await under(stage, as({ minVersion: 'TLSV1_3' }), async () => {
    await untilEvery('the gateway serves the host', async () => (await callEdge(secure)) === '200 by echo');
    await row(stage, 'calls over TLS, the gateway’s certificate verified', secure, '200 by echo');
    await row(stage, 'calls to a path with a Service of its own', { ...secure, path: '/api/orders' }, '200 by other');
    await row(stage, 'calls to a path that only begins so', { ...secure, path: '/apis' }, '200 by echo');
    await row(stage, 'calls in plain HTTP', { address, host: HOST, path: '/cart' }, `301 to https://${HOST}/cart`);
    await row(stage, 'calls over TLS to a host that is not served', { ...secure, host: 'other.example.com' }, 'no answer');
    await row(stage, 'calls over TLS 1.2, with 1.3 as the oldest', { ...secure, maxVersion: 'TLSv1.2' }, 'no answer');
    await stage.hand.apply(as({ mode: 'MUTUAL', subjectAltNames: ['partner.example.com'] }));
    await untilEvery('the gateway asks for a certificate', async () => (await callEdge(secure)) === 'no answer');
    await row(stage, 'calls without a client’s certificate at MUTUAL', secure, 'no answer');
    await row(stage, 'calls with the certificate of the client that is named', { ...secure, ...partner }, '200 by echo');
    await row(stage, 'calls with the certificate of another client', { ...secure, ...stranger }, 'no answer');
  });
}

/** istiod itself deploys the gateway. */
async function gatewayApiIngress(stage: Stage): Promise<void> {
  const { cluster, namespace, world, report } = stage;
  report.section('gateway-api-ingress');
  const { partner } = await createCertificates(stage, namespace);
  const as = (clientCertificates: string): Rendered =>
    render('gateway-api-ingress', { name: 'public', namespace, hosts: [{ host: HOST, certificate: 'shop-example-com' }], clientCertificates, routes: [{ pathPrefix: '/api', service: 'other', port: 8080 }, { service: 'echo', port: 8080 }] });
  const gone = await under(stage, as('NONE'), async () => {
    await kubectl(cluster.kubeconfigFile, ['-n', namespace, 'wait', 'gateway/public', '--for=condition=Programmed', '--timeout=60s']);
    const address = await kubectl(cluster.kubeconfigFile, ['-n', namespace, 'get', 'service', 'public-istio', '-o', 'jsonpath={.status.loadBalancer.ingress[0].ip}']);
    const secure: EdgeCall = { address, host: HOST, ca: world.caPem };
    await untilEvery('the gateway serves the host', async () => (await callEdge(secure)) === '200 by echo');
    await row(stage, 'calls over TLS, the gateway’s certificate verified', secure, '200 by echo');
    await row(stage, 'calls to a path with a Service of its own', { ...secure, path: '/api/orders' }, '200 by other');
    await row(stage, 'calls in plain HTTP', { address, host: HOST, path: '/cart' }, `301 to https://${HOST}/cart`);
    await row(stage, 'calls over TLS to a host that is not served', { ...secure, host: 'other.example.com' }, 'no answer');
    await stage.hand.apply(as('REQUIRED'));
    await untilEvery('the gateway asks for a certificate', async () => (await callEdge(secure)) === 'no answer');
    await row(stage, 'calls without a client’s certificate, where one is required', secure, 'no answer');
    await row(stage, 'calls with one', { ...secure, ...partner }, '200 by echo');
    return secure;
  });
  await until('the gateway’s Deployment is gone', async () => (await kubectl(cluster.kubeconfigFile, ['-n', namespace, 'get', 'deployment', 'public-istio', '--ignore-not-found', '-o', 'name'])) === '');
  await untilEvery('nobody answers', async () => (await callEdge(gone)) === 'no answer');
  await row(stage, 'calls after the Gateway was withdrawn', gone, 'no answer');
}
