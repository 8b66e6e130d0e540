import { callFrom, type TrafficCounts } from '@meshfleet/cluster-real';
import { allOf, send, seenOf } from './measure.ts';
import { HOSTS } from './outside-world.ts';
import { render, under, type PresetProof } from './stage.ts';
import { untilSettled } from './until.ts';

const KNOWN = 'partner.example.com';
const PORT = 8080;

/** In plain HTTP the pod without a proxy stands for the world outside: it is called by its address, under names that the mesh does not know. */
export const egress: PresetProof = {
  presets: ['egress-lockdown'],
  prove: async (stage) => {
    const { plain, client, namespace, report } = stage;
    report.section('egress-lockdown');
    const url = `http://${plain.network.address}:${PORT}/`;
    const ask = (name: string): Promise<TrafficCounts> => send(client, { url, headers: { host: name }, total: 60, perSecond: 100 });
    const secure = (name: string, serverName = name): Promise<TrafficCounts> => send(client, { url: `https://${name}/`, ca: stage.world.caPem, serverName, headers: { connection: 'close' }, total: 60, perSecond: 60 });
    const none = (what: string, counts: TrafficCounts): void => report.row({ sent: `${counts.sent} ${what}`, expected: 'none gets there', seen: seenOf(counts), passed: (counts.byCode['200'] ?? 0) === 0 });
    const secureCode = async (name: string): Promise<number | undefined> => (await callFrom(client, { url: `https://${name}/`, ca: stage.world.caPem })).code;

    report.row(allOf('calls to a host outside before', await ask('anything.example.com'), 200));
    report.row(allOf('calls to a host outside over TLS before', await secure(HOSTS.undeclared), 200));
    report.row(allOf('calls over TLS without a server name before', await secure(HOSTS.bank, ''), 200));
    const exceptions = [
      { name: 'partner', hosts: [KNOWN], addresses: [plain.network.address], ports: [{ number: PORT, protocol: 'HTTP' }] },
      { name: 'bank', hosts: [HOSTS.bank] },
    ];
    await under(stage, render('egress-lockdown', { target: { scope: 'NAMESPACES', namespaces: [namespace] }, exceptions }), async () => {
      await untilSettled(stage.proxies, 'the unknown is refused', async () => (await callFrom(client, { url, headers: { host: 'anything.example.com' } })).code !== 200);
      none('calls to a host that is not declared', await ask('anything.example.com'));
      await untilSettled(stage.proxies, 'the declared is reached', async () => (await callFrom(client, { url, headers: { host: KNOWN } })).code === 200);
      report.row(allOf('calls to the declared host', await ask(KNOWN), 200));
      await untilSettled(stage.proxies, 'the declared is reached over TLS', async () => (await secureCode(HOSTS.bank)) === 200);
      report.row(allOf('calls over TLS to a declared host, told by its server name', await secure(HOSTS.bank), 200));
      none('calls over TLS to another name at the same address', await secure(HOSTS.undeclared));
      none('calls over TLS to the declared host by a client that sends no server name', await secure(HOSTS.bank, ''));
      report.row(allOf('calls inside the mesh', await send(client, { url: stage.echo, total: 60 }), 200));
    });
    await untilSettled(stage.proxies, 'everything is reached again', async () => (await callFrom(client, { url, headers: { host: 'anything.example.com' } })).code === 200);
  },
};
