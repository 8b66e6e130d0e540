import { allOf } from './measure.ts';
import { answers, probe } from './calls-to-echo.ts';
import { render, under, type PresetProof, type Stage } from './stage.ts';
import { untilSettled } from './until.ts';

const targetOf = ({ namespace }: Stage): object => ({ scope: 'WORKLOADS', namespace, labels: { app: 'echo' } });

export const authorization: PresetProof = {
  presets: ['default-deny', 'allow-list', 'deny-list'],
  prove: async (stage) => {
    await defaultDeny(stage);
    await denyList(stage);
  },
};

export async function defaultDeny(stage: Stage): Promise<void> {
  const { client, other, namespace, report } = stage;
  report.section('default-deny');
  await under(stage, render('default-deny', { target: { scope: 'NAMESPACES', namespaces: [namespace] } }), async () => {
    await untilSettled(stage.proxies, 'all is denied', async () => (await answers(stage, client)) === 403);
    report.row(allOf('calls of client', await probe(stage, client), 403));
    report.section('allow-list');
    const rules = [{ from: [{ serviceAccounts: [`${namespace}/client`] }], to: [{ methods: ['GET'], paths: ['/orders', '/orders/{*}'] }] }];
    await under(stage, render('allow-list', { name: 'echo-clients', target: targetOf(stage), rules }), async () => {
      await untilSettled(stage.proxies, 'the path is open to client', async () => (await answers(stage, client, { path: '/orders' })) === 200);
      report.row(allOf('GET /orders/7 of client, who may', await probe(stage, client, { path: '/orders/7' }), 200));
      report.row(allOf('POST /orders of client, whose method is not allowed', await probe(stage, client, { path: '/orders', method: 'POST' }), 403));
      report.row(allOf('GET /orders/7/lines of client, whose path is not', await probe(stage, client, { path: '/orders/7/lines' }), 403));
      report.row(allOf('GET /orders of other, whose identity is not', await probe(stage, other, { path: '/orders' }), 403));
    });
  });
  await untilSettled(stage.proxies, 'all is allowed again', async () => (await answers(stage, other)) === 200);
}

async function denyList(stage: Stage): Promise<void> {
  const { client, other, namespace, report } = stage;
  report.section('deny-list');
  const rules = [{ from: [{ exceptServiceAccounts: [`${namespace}/client`] }], to: [{ paths: ['/admin', '/admin/*'], ports: [8080] }] }];
  await under(stage, render('deny-list', { name: 'no-admin', target: targetOf(stage), rules }), async () => {
    await untilSettled(stage.proxies, 'the path is closed to other', async () => (await answers(stage, other, { path: '/admin' })) === 403);
    report.row(allOf('GET /admin/users of other', await probe(stage, other, { path: '/admin/users' }), 403));
    report.row(allOf('GET /administer of other, which is another path', await probe(stage, other, { path: '/administer' }), 200));
    report.row(allOf('GET /admin/users of client, who is excepted', await probe(stage, client, { path: '/admin/users' }), 200));
  });
  await untilSettled(stage.proxies, 'the path is open again', async () => (await answers(stage, other, { path: '/admin' })) === 200);
}
