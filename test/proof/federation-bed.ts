import { behave, createMeshRoot, createRemoteSecret, deployGateway, deployWorkload, kubectl, startMesh, startTraffic, type IstioMinor, type MeshClusterOptions, type RealMesh, type RealMeshCluster } from '@meshfleet/cluster-real';
import { MeshfleetError, type KubeObject } from '@meshfleet/model';
import type { Caller } from './call-across.ts';
import { allAnsweredBy, answersOf, answersOneByOne, callerIn, connectionsOf, endpointsBehind, issuersOf, reaches } from './call-across.ts';
import { COUNTED_GATEWAY, CROSS_NETWORK_GATEWAY, ECHO_WITHOUT_PODS } from './federation-manifests.ts';
import { podOf, render } from './presets/stage.ts';
import { until } from './presets/until.ts';
import type { Proof, ProofReport } from './proof.ts';
import { untilIdentityRead } from './read-identities.ts';
import { wayAcross } from './way-across.ts';

const CALLS = 200;
const SETTLED = 20;
const SYSTEM = 'istio-system';

/**
 * The ground that federation is proved on: two real clusters under one root, joined by hand as Istio's documentation does it. On one
 * network their pods reach each other; on two, nothing but the addresses of load balancers can be reached.
 */
export const federationBed: Proof = {
  name: 'federation-bed',
  title: 'two real clusters of one mesh, joined by hand: on one network, and on two through east-west gateways',
  run: async (report) => {
    await onBed(report, 'One network, istiod and proxies 1.28 in east and 1.29 in west', [{ name: 'east', version: '1.28' }, { name: 'west', version: '1.29' }], proveOneNetwork);
    await onBed(report, 'Two networks, 1.29', [{ name: 'east', version: '1.29', network: 'network-east' }, { name: 'west', version: '1.29', network: 'network-west' }], proveTwoNetworks);
  },
};

interface Member {
  readonly name: string;
  readonly version: IstioMinor;
  readonly network?: string;
}

interface Ground {
  readonly mesh: RealMesh;
  readonly east: RealMeshCluster;
  readonly west: RealMeshCluster;
  /** In east; the service that it calls has its pods in west. */
  readonly client: Caller;
  /** In east too, without a proxy. */
  readonly plain: Caller;
}

async function onBed(report: ProofReport, title: string, members: readonly Member[], prove: (ground: Ground, report: ProofReport) => Promise<void>): Promise<void> {
  report.section(title);
  const from = performance.now();
  const root = await createMeshRoot('Proof', new Date());
  const mesh = await startMesh(await Promise.all(members.map(async (member) => clusterOptions(member, await root.createCacerts(member.name)))));
  try {
    const [east, west] = mesh.clusters;
    if (east === undefined || west === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: 'The mesh has fewer than two clusters' });
    await apply(east, namespaces('shop', 'outside'));
    await apply(west, namespaces('shop'));
    await apply(east, ECHO_WITHOUT_PODS);
    await Promise.all([
      deployWorkload(east.cluster, { name: 'client', namespace: 'shop' }),
      deployWorkload(east.cluster, { name: 'plain', namespace: 'outside' }),
      deployWorkload(west.cluster, { name: 'echo', namespace: 'shop' }),
    ]);
    report.say(`two clusters with three workloads, up in ${((performance.now() - from) / 1000).toFixed(0)} s`);
    await prove({ mesh, east, west, client: callerIn(east, 'shop', 'client'), plain: callerIn(east, 'outside', 'plain') }, report);
  } finally {
    await mesh.stop();
  }
}

function clusterOptions({ name, version, network }: Member, cacerts: KubeObject): MeshClusterOptions {
  const labels = network === undefined ? {} : { labels: { 'topology.istio.io/network': network } };
  return {
    name,
    ...(network === undefined ? {} : { network }),
    istio: { version, meshId: 'proof' },
    realNodes: [{ name: `${name}-node`, region: name, zone: `${name}-a` }],
    objects: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM, ...labels } }, cacerts],
  };
}

async function proveOneNetwork({ east, west, client }: Ground, report: ProofReport): Promise<void> {
  await until('the caller’s proxy knows the service, and no pod of it', async () => (await answersOf(client, 1)).byCode['503'] === 1);
  const before = await answersOf(client, CALLS);
  report.row({ sent: `${CALLS} calls before the clusters know each other`, expected: 'none answered by a workload', seen: before.text, passed: before.sent === CALLS && Object.keys(before.byCluster).length === 0 });

  const toWest = await createRemoteSecret(west, east.nodes.network);
  await apply(east, [toWest]);
  await untilIdentityRead(east, west, report);
  await answeredByWest(east, west, client);
  await proveAnswers(report, 'with a remote secret made by hand', client);
  await proveCertificates(report, east, west);

  await kubectl(east.cluster.kubeconfigFile, ['-n', SYSTEM, 'delete', 'secret', toWest.metadata.name ?? '']);
  await until('west is forgotten', async () => (await answersOf(client, 5)).byCluster['west'] === undefined);
  const after = await answersOf(client, CALLS);
  report.row({ sent: `${CALLS} calls after the secret was deleted`, expected: 'none answered by a workload', seen: after.text, passed: after.sent === CALLS && Object.keys(after.byCluster).length === 0 });
}

async function proveTwoNetworks({ mesh, east, west, client, plain }: Ground, report: ProofReport): Promise<void> {
  const [echo] = west.nodes.pods('shop', { app: 'echo' });
  const direct = await reaches(plain, `http://${echo?.network.address}:8080/`);
  report.row({ sent: 'a plain call from east to the address of a pod in west', expected: 'no way there', seen: direct, passed: direct === 'ENETUNREACH' });

  const gateways = await Promise.all([east, west].map((side) => deployGateway(side.cluster, { name: 'istio-eastwestgateway', namespace: SYSTEM, version: '1.29', network: `network-${side.cluster.name}`, values: COUNTED_GATEWAY })));
  for (const side of [east, west]) await apply(side, [CROSS_NETWORK_GATEWAY]);
  const toGateway = (): Promise<string> => reaches(plain, `http://${gateways[1]}:15021/healthz/ready`);
  await until('the address of west’s gateway is reached', async () => (await toGateway()) === '200');
  const reached = await toGateway();
  report.row({ sent: 'a plain call from east to the address of west’s gateway', expected: '200', seen: reached, passed: reached === '200' });

  const gateway = podOf(west.nodes, SYSTEM, { istio: 'eastwestgateway' });
  // As a person looks before the clusters are joined: istiod hands the gateway its listener and the services behind it when it has seen the Gateway.
  await until('west’s gateway takes connections of other networks', async () => (await connectionsOf(gateway)) !== undefined && (await endpointsBehind(gateway)) > 0, () => wayAcross(client, east, west));
  const connections = (await connectionsOf(gateway)) ?? 0;
  await apply(east, [await createRemoteSecret(west, east.nodes.network)]);
  await apply(west, [await createRemoteSecret(east, west.nodes.network)]);
  await untilIdentityRead(east, west, report);
  await answeredByWest(east, west, client);
  await proveAnswers(report, 'through the gateway', client);
  const more = ((await connectionsOf(gateway)) ?? 0) - connections;
  report.row({ sent: 'what west’s gateway counts since the clusters are joined', expected: 'connections through it', seen: `${more} more connections`, passed: more > 0 });
  await proveCertificates(report, east, west);
  await proveCut(report, mesh, west, client);
  await proveFailover(report, east, client);
}

/** Often enough in a row that no proxy is left that knows less; where they are not, each hop tells how far they come. */
async function answeredByWest(east: RealMeshCluster, west: RealMeshCluster, client: Caller): Promise<void> {
  await until('calls are answered by west', async () => allAnsweredBy(await answersOf(client, SETTLED), 'west', SETTLED), () => wayAcross(client, east, west));
}

async function proveAnswers(report: ProofReport, how: string, client: Caller): Promise<void> {
  const answers = await answersOf(client, CALLS);
  report.row({ sent: `${CALLS} calls from east ${how}`, expected: 'all 200 by west', seen: answers.text, passed: allAnsweredBy(answers, 'west', CALLS) });
  const { client: by, server } = await client.identities();
  const expected = { client: 'spiffe://cluster.local/ns/shop/sa/client', server: 'spiffe://cluster.local/ns/shop/sa/echo' };
  report.row({ sent: 'who the two proxies take each other for', expected: `${expected.client} calls ${expected.server}`, seen: `${by} calls ${server}`, passed: by === expected.client && server === expected.server });
}

async function proveCertificates(report: ProofReport, east: RealMeshCluster, west: RealMeshCluster): Promise<void> {
  const [ofEast, ofWest] = [await issuersOf(east, 'shop', 'client'), await issuersOf(west, 'shop', 'echo')];
  report.row({
    sent: 'a handshake with a proxy of either cluster',
    expected: 'each signed by the intermediate of its own cluster, both under the root Proof',
    seen: `east: ${ofEast.join(' < ')}; west: ${ofWest.join(' < ')}`,
    passed: ofEast.join() === 'east,Proof' && ofWest.join() === 'west,Proof',
  });
}

/** The way between the networks is cut under running traffic, and mended. */
async function proveCut(report: ProofReport, mesh: RealMesh, west: RealMeshCluster, client: Caller): Promise<void> {
  const traffic = await startTraffic(client.pod, { url: client.url, perSecond: 20, timeoutMs: 2_000 });
  await mesh.router?.cut(west.nodes.network);
  await until('calls fail', async () => (await answersOf(client, 3)).byCluster['west'] === undefined);
  const cut = await answersOf(client, 10);
  report.row({ sent: '10 calls while the way between the networks is cut', expected: 'none answered by a workload', seen: cut.text, passed: Object.keys(cut.byCluster).length === 0 });
  await mesh.router?.mend(west.nodes.network);
  await until('calls are answered again', async () => allAnsweredBy(await answersOf(client, SETTLED), 'west', SETTLED));
  await traffic.stop();
  const after = await answersOf(client, CALLS);
  report.row({ sent: `${CALLS} calls after it was mended`, expected: 'all 200 by west', seen: after.text, passed: allAnsweredBy(after, 'west', CALLS) });
}

/** The preset keeps calls in their own cluster, which is a region, for as long as the service is well there. */
async function proveFailover(report: ProofReport, east: RealMeshCluster, client: Caller): Promise<void> {
  await deployWorkload(east.cluster, { name: 'echo', namespace: 'shop' });
  const echo = podOf(east.nodes, 'shop', { app: 'echo' });
  const outlierDetection = { consecutive5xxErrors: 3, interval: '1s', baseEjectionTime: '60s', maxEjectionPercent: 100 };
  await apply(east, render('region-failover', { namespace: 'shop', host: 'echo', failover: [{ from: 'east', to: 'west' }], outlierDetection }).objects);
  await until('calls stay in east', async () => allAnsweredBy(await answersOf(client, SETTLED), 'east', SETTLED));
  const well = await answersOf(client, CALLS);
  report.row({ sent: `${CALLS} calls from east under region-failover, with the service in both clusters`, expected: 'all 200 by east', seen: well.text, passed: allAnsweredBy(well, 'east', CALLS) });
  await behave(echo, { status: 500 });
  // One by one: how many fail until the endpoint is ejected then does not depend on how busy the machine is.
  const failing = await answersOneByOne(client, CALLS);
  const failed = failing.byCode['500'] ?? 0;
  report.row({ sent: `${CALLS} calls once east answers 500`, expected: 'a few 500 until its endpoint is ejected, then 200 by west', seen: failing.text, passed: failed >= 3 && failed <= 40 && failing.byCluster['west'] === CALLS - failed && failing.byCode['200'] === CALLS - failed });
  const after = await answersOf(client, CALLS);
  report.row({ sent: `${CALLS} calls after that`, expected: 'all 200 by west', seen: after.text, passed: allAnsweredBy(after, 'west', CALLS) });
}

async function apply({ cluster }: RealMeshCluster, objects: readonly KubeObject[]): Promise<void> {
  await kubectl(cluster.kubeconfigFile, ['apply', '--server-side', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
}

function namespaces(meshed: string, ...others: string[]): KubeObject[] {
  const namespace = (name: string, labels: Record<string, string>): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  return [namespace(meshed, { 'istio-injection': 'enabled' }), ...others.map((name) => namespace(name, {}))];
}
