import { callFrom, startTraffic, type Traffic, type TrafficCounts } from '@meshfleet/cluster-real';
import type { ProofRow } from '../proof.ts';
import { allOf, send, seenOf } from './measure.ts';
import { answers, probe, probeAnew } from './calls-to-echo.ts';
import { markOf, untilKnown } from './proxy-config.ts';
import { linesOf } from './proxy-log.ts';
import { podOf, render, under, type PresetProof, type Stage } from './stage.ts';
import { drained, until, untilEvery } from './until.ts';

const namespacesOf = ({ namespace }: Stage): object => ({ scope: 'NAMESPACES', namespaces: [namespace] });

/**
 * Meshed calls go on through all of it, and until proxies have let go of connections from before each change. A connection in use
 * is told to end long before it is cut (but with a drain of a second); one that carried no call in all that time is cut without a
 * word, and a call that takes it at that very moment is lost, unless its caller retries on a reset: those are calls by GET here.
 */
export const mutualTls: PresetProof = {
  presets: ['strict-mutual-tls', 'permissive-mutual-tls', 'per-port-mutual-tls', 'mutual-tls-migration'],
  prove: async (stage) => {
    const retries = render('retries', { namespace: stage.namespace, host: 'echo', attempts: 3, retryOn: ['connect-failure', 'refused-stream', 'reset'], methods: ['GET'] });
    await under(stage, retries, async () => {
      await untilKnown(stage.client, 'dynamic_route_configs', markOf('virtual-service', 'echo'));
      const callsBy = (method: string): Promise<Traffic> => startTraffic(stage.client, { url: stage.echo, method, perSecond: 25 });
      const [retried, once] = [await callsBy('GET'), await callsBy('POST')];
      await strict(stage);
      await permissive(stage);
      await perPort(stage);
      await migration(stage);
      await drained(stage.proxies);
      const [through, unretried] = [await retried.stop(), await once.stop()];
      for (const preset of ['strict-mutual-tls', 'mutual-tls-migration']) {
        stage.report.section(preset);
        stage.report.row({ ...allOf('meshed calls through every change here that are retried on a reset, until what was open before the last was closed', through, 200), expected: 'none failed' });
        stage.report.row(fewCut('meshed calls meanwhile that are not retried', unretried));
      }
    });
  },
};

/** All are answered but those, one in a hundred at most, whose connection was cut as they took it. */
function fewCut(what: string, counts: TrafficCounts): ProofRow {
  const cut = Object.entries(counts.byProxyError).reduce((sum, [reason, count]) => sum + (reason.endsWith('reset reason: connection termination') ? count : 0), 0);
  const passed = (counts.byCode['200'] ?? 0) + cut === counts.sent && cut <= counts.sent / 100;
  return { ...allOf(what, counts, 200), expected: 'none failed, but where its connection was cut as it was taken', passed };
}

export async function strict(stage: Stage): Promise<void> {
  const { plain, report } = stage;
  report.section('strict-mutual-tls');
  await untilEvery('a workload without a proxy is answered', async () => (await answers(stage, plain)) === 200);
  report.row(allOf('plaintext calls before', await probeAnew(stage, plain), 200));
  await under(stage, render('strict-mutual-tls', { target: namespacesOf(stage) }), async () => {
    await untilEvery('plaintext is refused', async () => (await answers(stage, plain)) !== 200);
    const refused = await probeAnew(stage, plain);
    report.row({ sent: `${refused.sent} plaintext calls under it`, expected: 'none answered', seen: seenOf(refused), passed: refused.answered === 0 });
  });
  await untilEvery('plaintext is answered again', async () => (await answers(stage, plain)) === 200);
}

async function permissive(stage: Stage): Promise<void> {
  const { client, plain, namespace, report } = stage;
  report.section('permissive-mutual-tls');
  const target = { scope: 'WORKLOADS', namespace, labels: { app: 'echo' } };
  await under(stage, render('strict-mutual-tls', { target: namespacesOf(stage) }), async () => {
    await untilEvery('plaintext is refused', async () => (await answers(stage, plain)) !== 200);
    await under(stage, render('permissive-mutual-tls', { target, name: 'echo-permissive' }), async () => {
      await untilEvery('plaintext is answered', async () => (await answers(stage, plain)) === 200);
      report.row(allOf('plaintext calls to the workload in a strict namespace', await probeAnew(stage, plain), 200));
      report.row(allOf('meshed calls to it', await probe(stage, client), 200));
    });
  });
  await untilEvery('plaintext is answered again', async () => (await answers(stage, plain)) === 200);
}

/** A workload of three ports. What comes by mutual TLS brings the client's identity along in a header. */
async function perPort(stage: Stage): Promise<void> {
  const { client, plain, namespace, report } = stage;
  report.section('per-port-mutual-tls');
  const url = (port: number): string => `http://ports.${namespace}:${port}/`;
  const target = { scope: 'WORKLOADS', namespace, labels: { app: 'ports' } };
  const rendered = render('per-port-mutual-tls', { target, name: 'ports', otherPorts: 'STRICT', ports: [{ port: 9090, mode: 'PERMISSIVE' }, { port: 9091, mode: 'DISABLE' }] });
  await under(stage, rendered, async () => {
    await untilEvery('plaintext is refused at the port that is not named', async () => (await callFrom(plain, { url: url(8080) })).code !== 200);
    const refused = await send(plain, { url: url(8080), total: 60, perSecond: 100, headers: { connection: 'close' } });
    report.row({ sent: '60 plaintext calls to the port that is not named: STRICT', expected: 'none answered', seen: seenOf(refused), passed: refused.answered === 0 });
    for (const [port, mode] of [[9090, 'PERMISSIVE'], [9091, 'DISABLE']] as const) {
      report.row(allOf(`plaintext calls to a port at ${mode}`, await send(plain, { url: url(port), total: 60, perSecond: 100, headers: { connection: 'close' } }), 200));
    }
    for (const [port, mode, encrypted] of [[8080, 'STRICT', true], [9090, 'PERMISSIVE', true], [9091, 'DISABLE', false]] as const) {
      const withIdentity = async (): Promise<boolean> => (await callFrom(client, { url: url(port) })).body?.includes('x-forwarded-client-cert') === true;
      await untilEvery(`the client knows what the port at ${mode} takes`, async () => (await withIdentity()) === encrypted);
      const counts = await send(client, { url: url(port), total: 60, perSecond: 100 });
      const row = allOf(`meshed calls to the port at ${mode}`, counts, 200);
      report.row({ ...row, expected: `all 200, ${encrypted ? 'with' : 'without'} the client’s certificate`, seen: `${row.seen}; ${(await withIdentity()) ? 'with' : 'without'} it` });
    }
  });
  await untilEvery('plaintext is answered again', async () => (await callFrom(plain, { url: url(8080) })).code === 200);
}

/** The three versions of one policy, one after the other. */
async function migration(stage: Stage): Promise<void> {
  const { client, plain, namespace, v1, v2, report } = stage;
  report.section('mutual-tls-migration');
  const bare = podOf(stage.nodes, namespace, { app: 'bare' });
  const legacy = `http://${bare.labels['app'] ?? ''}.${namespace}:8080/`;
  const at = (stageName: string, plaintextServices: readonly string[] = []): ReturnType<typeof render> => render('mutual-tls-migration', { target: namespacesOf(stage), stage: stageName, plaintextServices });
  const logged = (path: string): number => [v1, v2].reduce((sum, pod) => sum + linesOf(pod).filter((line) => line.includes(`GET ${path} `)).length, 0);
  const both = async (name: string, path: string): Promise<void> => {
    report.row(allOf(`plaintext calls at ${name}`, await probeAnew(stage, plain, { path: `${path}-plaintext` }), 200));
    report.row(allOf(`meshed calls at ${name}`, await probe(stage, client, { path: `${path}-meshed` }), 200));
  };
  await under(stage, at('OBSERVE'), async () => {
    await until('plaintext is logged', async () => (await answers(stage, plain, { path: '/sounding' })) === 200 && logged('/sounding') > 0);
    await untilEvery('every proxy logs', async () => (await answers(stage, plain, { path: '/sounding' })) === 200);
    await both('OBSERVE', '/observe');
    await until('60 lines are written', () => Promise.resolve(logged('/observe-plaintext') >= 60));
    const [seen, others] = [logged('/observe-plaintext'), logged('/observe-meshed')];
    report.row({ sent: 'lines in the servers’ logs meanwhile', expected: '60 of plaintext calls, none of meshed ones', seen: `${seen} of plaintext calls, ${others} of meshed ones`, passed: seen === 60 && others === 0 });

    report.row(allOf('calls from the mesh to a service in scope that has no proxy', await send(client, { url: legacy, total: 60, perSecond: 100 }), 200));
    await stage.hand.apply(at('CLIENTS'));
    await untilEvery('clients insist on mutual TLS', async () => (await callFrom(client, { url: legacy })).code === 503);
    await both('CLIENTS', '/clients');
    report.row(allOf('calls from the mesh to the service without proxy at CLIENTS', await send(client, { url: legacy, total: 60, perSecond: 100 }), 503));
    await stage.hand.apply(at('CLIENTS', [`bare.${namespace}.svc.cluster.local`]));
    await untilEvery('the service is named', async () => (await callFrom(client, { url: legacy })).code === 200);
    report.row(allOf('the same once it is named under plaintextServices', await send(client, { url: legacy, total: 60, perSecond: 100 }), 200));

    await stage.hand.apply(at('STRICT', [`bare.${namespace}.svc.cluster.local`]));
    await untilEvery('plaintext is refused', async () => (await answers(stage, plain)) !== 200);
    const refused = await probeAnew(stage, plain);
    report.row({ sent: `${refused.sent} plaintext calls at STRICT`, expected: 'none answered', seen: seenOf(refused), passed: refused.answered === 0 });
    report.row(allOf('meshed calls at STRICT', await probe(stage, client), 200));
  });
  await stage.hand.withdraw(at('CLIENTS', [`bare.${namespace}.svc.cluster.local`]));
  await untilEvery('plaintext is answered again', async () => (await answers(stage, plain)) === 200);
}
