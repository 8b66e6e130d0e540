import { callFrom, deployGateway, kubectl, type TrafficCounts } from '@meshfleet/cluster-real';
import type { ProofRow } from '../proof.ts';
import { send, seenOf } from './measure.ts';
import { HOSTS, type OutsideCall } from './outside-world.ts';
import { podOf, render, under, type PresetProof } from './stage.ts';
import { untilSettled } from './until.ts';

const GATEWAYS = 'istio-egress';
const CLIENT = 'cards-client';

/** Shown by what the hosts outside see: from which pod a call came, and with which certificate. */
export const egressGateway: PresetProof = {
  presets: ['egress-gateway'],
  prove: async (stage) => {
    const { client, cluster, nodes, world, report, istiodMinor } = stage;
    report.section('egress-gateway');
    await deployGateway(cluster, { name: 'istio-egressgateway', namespace: GATEWAYS, version: istiodMinor });
    const gatewayPod = podOf(nodes, GATEWAYS, { istio: 'egressgateway' });
    const gateway = gatewayPod.network.address;
    const proxies = [...stage.proxies, gatewayPod];
    const { certPem, keyPem } = await world.issue(CLIENT, 'CLIENT');
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: CLIENT, namespace: GATEWAYS }, stringData: { 'tls.crt': certPem, 'tls.key': keyPem, 'ca.crt': world.caPem } };
    await kubectl(cluster.kubeconfigFile, ['apply', '-f', '-'], JSON.stringify(secret));

    const call = async (url: string): Promise<{ counts: TrafficCounts; seen: readonly OutsideCall[] }> => {
      const before = world.calls.length;
      const counts = await send(client, { url, ca: world.caPem, headers: { connection: 'close' }, total: 60, perSecond: 60 });
      return { counts, seen: world.calls.slice(before).filter(({ serverName }) => url.includes(serverName)) };
    };
    const code = async (url: string): Promise<number | undefined> => (await callFrom(client, { url, ca: world.caPem })).code;
    const login = `https://${HOSTS.login}/`;
    report.row(came('calls over TLS before', await call(login), { from: client.network.address, by: 'the caller’s own pod' }));

    const destinations = [{ host: HOSTS.cards, clientCredential: CLIENT }, { host: HOSTS.login, tls: 'PASS_THROUGH' }, { host: HOSTS.shady, clientCredential: CLIENT }];
    await under(stage, render('egress-gateway', { destinations }), async () => {
      await untilSettled(proxies, 'the gateway begins TLS', async () => (await code(`http://${HOSTS.cards}/`)) === 200);
      report.row(came('plain calls, for which the gateway begins TLS with a client’s certificate', await call(`http://${HOSTS.cards}/`), { from: gateway, by: 'the gateway', client: CLIENT }));
      await untilSettled(proxies, 'the gateway passes TLS on', async () => {
        const at = world.calls.length;
        return (await code(login)) === 200 && world.calls.slice(at).every(({ serverName, from }) => serverName !== HOSTS.login || from === gateway);
      });
      report.row(came('calls over TLS that the gateway passes on', await call(login), { from: gateway, by: 'the gateway' }));
      const { counts, seen } = await call(`http://${HOSTS.shady}/`);
      report.row({ sent: `${counts.sent} calls to a host whose certificate nobody vouches for`, expected: 'none gets there, all 503', seen: `${seenOf(counts)}; ${seen.length} got there`, passed: counts.byCode['503'] === counts.sent && seen.length === 0 });
    });
    await untilSettled(proxies, 'calls leave by themselves again', async () => {
      const at = world.calls.length;
      return (await code(login)) === 200 && world.calls.slice(at).every(({ serverName, from }) => serverName !== HOSTS.login || from === client.network.address);
    });
  },
};

interface Origin {
  readonly from: string;
  readonly by: string;
  readonly client?: string;
}

function came(what: string, { counts, seen }: { counts: TrafficCounts; seen: readonly OutsideCall[] }, { from, by, client = '' }: Origin): ProofRow {
  const right = seen.filter((call) => call.from === from && call.client === client).length;
  const bearing = client === '' ? '' : ` with the certificate ${client}`;
  return { sent: `${counts.sent} ${what}`, expected: `all 200, and seen outside to come from ${by}${bearing}`, seen: `${seenOf(counts)}; ${right} of ${seen.length} from ${by}${bearing}`, passed: counts.byCode['200'] === counts.sent && right === counts.sent && seen.length === counts.sent };
}
