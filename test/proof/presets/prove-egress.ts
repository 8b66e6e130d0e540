import { callFrom } from '@meshfleet/cluster-real';
import { allOf, send, seenOf } from './measure.ts';
import { NAMESPACE, render, under, type Stage } from './stage.ts';
import { untilSettled } from './until.ts';

const KNOWN = 'partner.example.com';
const PORT = 8080;

/** The pod without a proxy stands for the world outside: it is called by its address, under names that the mesh does not know. */
export async function proveEgress({ plain, client, report, ...rest }: Stage): Promise<void> {
  const stage = { plain, client, report, ...rest };
  const url = `http://${plain.network.address}:${PORT}/`;
  const ask = (name: string): ReturnType<typeof send> => send(client, { url, headers: { host: name }, total: 60, perSecond: 100 });
  report.section('egress-lockdown');
  report.row(allOf('calls to a host outside before', await ask('anything.example.com'), 200));
  const exceptions = [{ name: 'partner', hosts: [KNOWN], addresses: [plain.network.address], ports: [{ number: PORT, protocol: 'HTTP' }] }];
  await under(stage, render('egress-lockdown', { target: { scope: 'NAMESPACES', namespaces: [NAMESPACE] }, exceptions }), async () => {
    await untilSettled('the unknown is refused', async () => (await callFrom(client, { url, headers: { host: 'anything.example.com' } })).code !== 200);
    const refused = await ask('anything.example.com');
    report.row({ sent: '60 calls to a host that is not declared', expected: 'none gets there', seen: seenOf(refused), passed: (refused.byCode['200'] ?? 0) === 0 });
    await untilSettled('the declared is reached', async () => (await callFrom(client, { url, headers: { host: KNOWN } })).code === 200);
    report.row(allOf('calls to the declared host', await ask(KNOWN), 200));
    report.row(allOf('calls inside the mesh', await send(client, { url: `http://echo.${NAMESPACE}:${PORT}/`, total: 60 }), 200));
  });
  await untilSettled('everything is reached again', async () => (await callFrom(client, { url, headers: { host: 'anything.example.com' } })).code === 200);
}
