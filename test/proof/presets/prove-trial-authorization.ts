import { allOf } from './measure.ts';
import { answers, probe } from './calls-to-echo.ts';
import { LOG_PROVIDER } from './mesh-settings.ts';
import { askProxy } from './proxy-config.ts';
import { linesOf } from './proxy-log.ts';
import { render, under, type PresetProof, type Stage } from './stage.ts';
import { until, untilSettled } from './until.ts';

const targetOf = ({ namespace }: Stage): object => ({ scope: 'WORKLOADS', namespace, labels: { app: 'echo' } });
const RULES = [{ to: [{ paths: ['/admin', '/admin/*'], ports: [8080] }] }];

/** Policies that decide nothing: every request passes, and the servers' proxies tell what would have become of it. */
export const trialAuthorization: PresetProof = {
  presets: ['dry-run-authorization', 'audit-only-authorization'],
  prove: async (stage) => {
    await dryRun(stage);
    await denyAllOnTrial(stage);
    await audit(stage);
  },
};

async function dryRun(stage: Stage): Promise<void> {
  const { client, v1, v2, report } = stage;
  report.section('dry-run-authorization');
  await under(stage, render('dry-run-authorization', { name: 'no-admin', action: 'DENY', target: targetOf(stage), rules: RULES }), async () => {
    await untilCounted(stage, 'deny', '/admin');
    for (const pod of [v1, v2]) await askProxy(pod, '/logging?rbac=debug', 'POST');
    const [counted, written] = [await shadowDenied(stage, 'deny'), shadowLines(stage)];
    report.row(allOf('calls that it would deny', await probe(stage, client, { path: '/admin/users' }), 200));
    report.row(allOf('calls that it would not', await probe(stage, client, { path: '/orders' }), 200));
    const more = (await shadowDenied(stage, 'deny')) - counted;
    report.row({ sent: 'the proxies’ counters shadow_denied meanwhile', expected: '60 more', seen: `${more} more`, passed: more === 60 });
    await until('60 lines are written', () => Promise.resolve(shadowLines(stage) - written >= 60));
    const lines = shadowLines(stage) - written;
    report.row({ sent: 'lines “shadow denied” in their debug logs', expected: '60', seen: String(lines), passed: lines === 60 });
    for (const pod of [v1, v2]) await askProxy(pod, '/logging?rbac=warning', 'POST');
  });
}

/** Without rules it is a default deny on trial. */
async function denyAllOnTrial(stage: Stage): Promise<void> {
  const { client, report } = stage;
  await under(stage, render('dry-run-authorization', { name: 'nobody', target: targetOf(stage) }), async () => {
    await untilCounted(stage, 'allow', '/');
    const counted = await shadowDenied(stage, 'allow');
    report.row(allOf('calls under a default deny on trial', await probe(stage, client), 200));
    const more = (await shadowDenied(stage, 'allow')) - counted;
    report.row({ sent: 'the proxies’ counters shadow_denied meanwhile', expected: '60 more', seen: `${more} more`, passed: more === 60 });
  });
}

/** What the policy marks is what extensions of the proxy read: here an access log that shows the mark. */
async function audit(stage: Stage): Promise<void> {
  const { client, v1, v2, namespace, report } = stage;
  report.section('audit-only-authorization');
  const log = render('conditional-access-logs', { name: 'all', target: { scope: 'NAMESPACES', namespaces: [namespace] }, provider: LOG_PROVIDER, reporter: 'SERVER', expression: 'request.path.startsWith("/")' });
  const marked = (path: string): number => [v1, v2].reduce((sum, pod) => sum + linesOf(pod).filter((line) => line.includes(` ${path} `) && line.includes('audited=true')).length, 0);
  const written = (path: string): number => [v1, v2].reduce((sum, pod) => sum + linesOf(pod).filter((line) => line.includes(` ${path} `)).length, 0);
  await under(stage, log, () =>
    under(stage, render('audit-only-authorization', { name: 'audit-admin', target: targetOf(stage), rules: RULES }), async () => {
      await until('requests are marked', async () => (await answers(stage, client, { path: '/admin/sounding' })) === 200 && marked('/admin/sounding') > 0);
      await untilSettled(stage.proxies, 'every proxy marks', async () => (await answers(stage, client, { path: '/admin/sounding' })) === 200);
      report.row(allOf('calls that it audits', await probe(stage, client, { path: '/admin/users' }), 200));
      report.row(allOf('calls that it does not', await probe(stage, client, { path: '/orders' }), 200));
      await until('every call is logged', () => Promise.resolve(written('/admin/users') >= 60 && written('/orders') >= 60));
      const [ofAudited, ofOthers] = [marked('/admin/users'), marked('/orders')];
      report.row({ sent: 'requests that bear the mark in the proxies’ metadata', expected: '60 of those, none of these', seen: `${ofAudited} of those, ${ofOthers} of these`, passed: ofAudited === 60 && ofOthers === 0 });
    }),
  );
}

/** Sum over both servers of what a policy of this action would have denied. */
async function shadowDenied({ v1, v2 }: Stage, action: 'allow' | 'deny'): Promise<number> {
  const texts = await Promise.all([v1, v2].map((pod) => askProxy(pod, '/stats?filter=shadow_denied')));
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => new RegExp(`istio_dry_run_${action}_\\.?shadow_denied`).test(line))
    .reduce((sum, line) => sum + Number(line.split(': ')[1]), 0);
}

/** Waits until both servers count: of ten calls to both, each one. */
async function untilCounted(stage: Stage, action: 'allow' | 'deny', path: string): Promise<void> {
  await until('both proxies evaluate it', async () => {
    const before = await shadowDenied(stage, action);
    const counts = await probe(stage, stage.client, { path });
    return (await shadowDenied(stage, action)) - before === counts.sent;
  });
}

function shadowLines({ v1, v2 }: Stage): number {
  return [v1, v2].reduce((sum, pod) => sum + linesOf(pod).filter((line) => line.includes('shadow denied')).length, 0);
}
