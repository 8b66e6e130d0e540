import { answers } from './calls-to-echo.ts';
import { CALLS, send, shareOf } from './measure.ts';
import { LOG_PROVIDER, SPAN_PROVIDER } from './mesh-settings.ts';
import { askProxy, untilKnown } from './proxy-config.ts';
import { linesOf } from './proxy-log.ts';
import { render, under, type PresetProof, type Stage } from './stage.ts';
import { drained, until, untilSettled } from './until.ts';

/** Has a proxy send each span when it is done, not several together, or after 5 s. */
const SPANS_AT_ONCE = '/runtime_modify?tracing.zipkin.min_flush_spans=1';
const TAGS = [{ tag: 'call', header: 'x-call', defaultValue: 'none' }];
const namespacesOf = ({ namespace }: Stage): object => ({ scope: 'NAMESPACES', namespaces: [namespace] });

export const telemetry: PresetProof = {
  presets: ['trace-sampling', 'conditional-access-logs', 'mesh-telemetry', 'metric-dimension-trimming'],
  prove: async (stage) => {
    await sampling(stage);
    await accessLogs(stage);
    await together(stage);
    await trimming(stage);
  },
};

/** Spans that the caller's proxy has sent of calls of a kind: the header x-call, which the preset makes a tag. */
function spansOf({ world }: Stage, kind: string): number {
  return world.spans.filter((span) => span.kind === 'CLIENT' && span.tags?.['call'] === kind).length;
}

async function untilSampled({ client, proxies }: Stage, percentage: number): Promise<void> {
  await untilKnown(client, 'dynamic_listeners', percentage === 0 ? '"random_sampling":{}' : `"random_sampling":{"value":${percentage}}`);
  await drained(proxies);
}

async function sampling(stage: Stage): Promise<void> {
  const { client, report } = stage;
  const at = (percentage: number): ReturnType<typeof render> => render('trace-sampling', { target: namespacesOf(stage), percentage, provider: SPAN_PROVIDER, customTags: TAGS });
  const call = (kind: string, total: number, headers: Readonly<Record<string, string>> = {}): ReturnType<typeof send> => send(client, { url: stage.echo, total, headers: { ...headers, 'x-call': kind } });
  await askProxy(client, SPANS_AT_ONCE, 'POST');
  await under(stage, at(25), async () => {
    await untilSampled(stage, 25);
    await call('at-25', CALLS);
    await stage.hand.apply(at(100));
    await untilSampled(stage, 100);
    await call('at-100', 100);
    await stage.hand.apply(at(0));
    await untilSampled(stage, 0);
    await call('at-0', 100);
    await call('at-0-asked', 100, { 'x-b3-traceid': '4bf92f3577b34da6a3ce929d0e0e4736', 'x-b3-spanid': '00f067aa0ba902b7', 'x-b3-sampled': '1' });
    // Spans come in the order in which they are done: where the last are, those before are too.
    await until('the last spans have come', () => Promise.resolve(spansOf(stage, 'at-0-asked') >= 100));
  });
  report.section('trace-sampling');
  report.row(shareOf('calls sampled at 25 %', CALLS, 0.25, 'a span', spansOf(stage, 'at-25'), ', with the tag from a header'));
  for (const [kind, what, expected] of [['at-100', 'calls sampled at 100 %', 100], ['at-0', 'calls sampled at 0 %', 0], ['at-0-asked', 'calls at 0 % of a caller that asks for a trace', 100]] as const) {
    const seen = spansOf(stage, kind);
    report.row({ sent: `100 ${what}`, expected: `${expected} spans of the caller’s proxy`, seen: `${seen} spans`, passed: seen === expected });
  }
}

/** Lines of the servers' logs about a path, in the form of {@link LOG_PROVIDER}. */
function logged({ v1, v2 }: Stage, path: string): number {
  return [v1, v2].reduce((sum, pod) => sum + linesOf(pod).filter((line) => line.startsWith('proof ') && line.includes(` ${path} `)).length, 0);
}

async function accessLogs(stage: Stage): Promise<void> {
  const { client, namespace, report } = stage;
  report.section('conditional-access-logs');
  const target = { scope: 'WORKLOADS', namespace, labels: { app: 'echo' } };
  const rendered = render('conditional-access-logs', { target, provider: LOG_PROVIDER, reporter: 'SERVER', statusFrom: 500, slowerThan: '300ms', expression: "request.path.startsWith('/admin')" });
  const kinds = [
    { path: '/quiet', what: 'that none of the conditions is about', total: 100, headers: {}, lines: 0 },
    { path: '/failing', what: 'answered 500', total: 40, headers: { 'x-app-status': '500' }, lines: 40 },
    { path: '/slow', what: 'that take 600 ms', total: 30, headers: { 'x-app-delay-ms': '600' }, lines: 30 },
    { path: '/admin/users', what: 'that the expression names', total: 20, headers: {}, lines: 20 },
  ];
  await under(stage, rendered, async () => {
    await untilLogged(stage);
    for (const { path, total, headers } of kinds) await send(client, { url: `${stage.echo}${path}`, total, headers, perSecond: 100 });
    await until('the lines are written', () => Promise.resolve(kinds.every(({ path, lines }) => logged(stage, path) >= lines)));
    for (const { path, what, total, lines } of kinds) {
      const seen = logged(stage, path);
      report.row({ sent: `${total} calls ${what}`, expected: `${lines} lines in the servers’ logs`, seen: `${seen} lines`, passed: seen === lines });
    }
  });
}

async function untilLogged(stage: Stage): Promise<void> {
  const sound = async (): Promise<boolean> => (await answers(stage, stage.client, { path: '/admin/sounding', headers: { 'x-app-status': '500' } })) === 500;
  await until('a proxy logs', async () => (await sound()) && logged(stage, '/admin/sounding') > 0);
  await untilSettled(stage.proxies, 'every proxy logs', sound);
}

async function together(stage: Stage): Promise<void> {
  const { client, report } = stage;
  report.section('mesh-telemetry');
  const parameters = { target: namespacesOf(stage), tracing: { percentage: 100, provider: SPAN_PROVIDER, customTags: TAGS }, accessLogs: { provider: LOG_PROVIDER, reporter: 'SERVER', statusFrom: 400 } };
  await under(stage, render('mesh-telemetry', parameters), async () => {
    await untilSampled(stage, 100);
    await untilLogged(stage);
    await send(client, { url: `${stage.echo}/together`, total: 60, perSecond: 100, headers: { 'x-call': 'together' } });
    await send(client, { url: `${stage.echo}/together-failing`, total: 40, perSecond: 100, headers: { 'x-call': 'together', 'x-app-status': '404' } });
    await until('the lines are written', () => Promise.resolve(logged(stage, '/together-failing') >= 40));
    await until('the spans have come', () => Promise.resolve(spansOf(stage, 'together') >= 100));
    const [spans, quiet, failing] = [spansOf(stage, 'together'), logged(stage, '/together'), logged(stage, '/together-failing')];
    report.row({ sent: '100 calls with traces at 100 %', expected: '100 spans of the caller’s proxy', seen: `${spans} spans`, passed: spans === 100 });
    report.row({ sent: '60 of them answered 200, 40 answered 404, with logs from 400 on', expected: 'lines of the 40 alone', seen: `${failing} lines of those, ${quiet} of others`, passed: failing === 40 && quiet === 0 });
  });
}

/** The filter that counts is in Istio's own Envoy alone: what istiod tells it is shown, and not that it obeys. */
async function trimming(stage: Stage): Promise<void> {
  const { istiod, namespace, other, report } = stage;
  report.section('metric-dimension-trimming');
  const target = { scope: 'WORKLOADS', namespace, labels: { app: 'other' } };
  const rendered = render('metric-dimension-trimming', { target, removeTags: ['source_principal', 'destination_principal'], disableMetrics: ['REQUEST_SIZE'] });
  await under(stage, rendered, async () => {
    let metrics: MetricConfig[] = [];
    await until('istiod hands out what the preset says', async () => {
      metrics = metricConfigs(await istiod.debug(`config_dump?proxyID=${other.name}.${namespace}`));
      return metrics.length > 0;
    });
    const trimmed = metrics.filter(({ tagsToRemove = [] }) => ['destination_principal', 'source_principal'].every((tag) => tagsToRemove.includes(tag))).length;
    const dropped = new Set(metrics.filter(({ drop }) => drop === true).map(({ name }) => name));
    report.row({
      sent: 'what istiod hands to the proxy of the workload',
      expected: 'both labels removed from every metric, request_bytes dropped',
      seen: `removed from ${trimmed === metrics.length ? 'every' : `${trimmed} of ${metrics.length}`} metric, ${[...dropped].join(', ') || 'none'} dropped`,
      passed: trimmed === metrics.length && [...dropped].join() === 'request_bytes',
    });
  });
}

/** What the filter istio.stats is told of one metric. */
interface MetricConfig {
  readonly name: string;
  readonly drop?: boolean;
  readonly tagsToRemove?: readonly string[];
}

/** Every such entry, wherever it stands in a dump. */
function metricConfigs(node: unknown): MetricConfig[] {
  if (typeof node !== 'object' || node === null) return [];
  const own = 'name' in node && ('tagsToRemove' in node || 'drop' in node) ? [node as MetricConfig] : []; // istiod's own JSON
  return [...own, ...Object.values(node).flatMap(metricConfigs)];
}
