import { callFrom, sendTraffic, startTraffic, type RealPod, type TrafficCounts } from '@meshfleet/cluster-real';
import { binomialBounds, within } from './binomial.ts';
import { untilKnown } from './presets/proxy-config.ts';
import { drained, until, untilEvery } from './presets/until.ts';
import type { ProofReport } from './proof.ts';
import { DENY, FAULT, MARK, STRICT, weights } from './spine-manifests.ts';

/** Some way of putting manifests into the cluster and of taking them out again, each under a name. */
export interface PolicyHand {
  apply(name: string, manifests: string): Promise<void>;
  withdraw(name: string, manifests: string): Promise<void>;
}

export interface Shop {
  /** A workload with a proxy. */
  readonly client: RealPod;
  /** One without. */
  readonly plain: RealPod;
  /** What they call. */
  readonly servers: readonly RealPod[];
}

const URL = 'http://echo.shop:8080';
const CALLS = 600;
const PER_SECOND = 300;
const PROBES = 50;

/** Four policies, each shown by what callers are answered before, under and after it. */
export async function provePolicies(hand: PolicyHand, { client, plain, servers }: Shop, report: ProofReport): Promise<void> {
  await strict(hand, client, plain, report);
  // What was open before is cut when it has drained, be a call under way or not.
  await drained(servers);
  await fault(hand, client, report);
  await weight(hand, client, report);
  await deny(hand, client, servers, report);
}

async function strict(hand: PolicyHand, client: RealPod, plain: RealPod, report: ProofReport): Promise<void> {
  await until('callers reach the workload', async () => (await callFrom(plain, { url: `${URL}/` })).code === 200 && (await callFrom(client, { url: `${URL}/` })).code === 200);
  const before = await probePlain(plain);
  report.row({ sent: `${PROBES} plaintext calls before`, expected: 'all 200', seen: codes(before), passed: before.byCode['200'] === PROBES });
  const meshed = await startTraffic(client, { url: `${URL}/`, perSecond: PER_SECOND });
  await hand.apply('strict', STRICT);
  await untilEvery('plaintext is refused', async () => (await callFrom(plain, { url: `${URL}/` })).code !== 200);
  const under = await probePlain(plain);
  const soFar = (await meshed.counts()).sent;
  await until('meshed calls go on under it', async () => (await meshed.counts()).sent >= soFar + PROBES);
  const counts = await meshed.stop();
  report.row({ sent: `${PROBES} plaintext calls under STRICT`, expected: 'all refused', seen: codes(under), passed: under.answered === 0 && under.sent === PROBES });
  report.row({ sent: `${counts.sent} meshed calls while it came`, expected: 'all 200', seen: codes(counts), passed: counts.byCode['200'] === counts.sent });
  await hand.withdraw('strict', STRICT);
  await untilEvery('plaintext is answered again', async () => (await callFrom(plain, { url: `${URL}/` })).code === 200);
}

async function fault(hand: PolicyHand, client: RealPod, report: ProofReport): Promise<void> {
  await hand.apply('fault', FAULT);
  await until('the fault is there', async () => (await mark(client)) === 'fault');
  const counts = await send(client, '/');
  const bounds = binomialBounds(CALLS, 0.5);
  const aborted = counts.byCode['418'] ?? 0;
  report.row({
    sent: `${CALLS} calls under a fault of 50 %`,
    expected: `418 ${bounds.low} to ${bounds.high} times, else 200`,
    seen: codes(counts),
    passed: within(bounds, aborted) && aborted + (counts.byCode['200'] ?? 0) === CALLS,
  });
  await hand.withdraw('fault', FAULT);
  await until('the fault is gone', async () => (await mark(client)) === '');
  const after = await send(client, '/');
  report.row({ sent: `${CALLS} calls after it`, expected: 'all 200', seen: codes(after), passed: after.byCode['200'] === CALLS });
}

async function weight(hand: PolicyHand, client: RealPod, report: ProofReport): Promise<void> {
  for (const v1 of [80, 20]) {
    await hand.apply('weights', weights(v1));
    // A proxy may have routes to subsets before these are ready; then it answers 503.
    await untilKnown(client, 'dynamic_active_clusters', '|v1|echo.shop', '|v2|echo.shop');
    await until('the weights are there', async () => (await mark(client)) === `weights-${v1}`);
    const counts = await send(client, '/');
    const bounds = binomialBounds(CALLS, v1 / 100);
    const seen = counts.byVersion['v1'] ?? 0;
    report.row({
      sent: `${CALLS} calls under weights of ${v1}/${100 - v1}`,
      expected: `v1 ${bounds.low} to ${bounds.high} times, else v2`,
      seen: `v1 ${seen}, v2 ${counts.byVersion['v2'] ?? 0}; ${codes(counts)}`,
      passed: within(bounds, seen) && seen + (counts.byVersion['v2'] ?? 0) === CALLS,
    });
  }
  await hand.withdraw('weights', weights(20));
  await until('the weights are gone', async () => (await mark(client)) === '');
}

async function deny(hand: PolicyHand, client: RealPod, servers: readonly RealPod[], report: ProofReport): Promise<void> {
  await hand.apply('deny', DENY);
  // Each pod's proxy hears of it by itself: one refusal is of one of them, and says nothing of the other.
  await untilEvery('the path is denied', async () => (await callFrom(client, { url: `${URL}/admin` })).code === 403);
  // A connection that the caller's proxy has kept from before knows nothing of it until it is closed.
  await drained(servers);
  const denied = await send(client, '/admin/users');
  const allowed = await send(client, '/');
  report.row({ sent: `${CALLS} calls to a denied path`, expected: 'all 403', seen: codes(denied), passed: denied.byCode['403'] === CALLS });
  report.row({ sent: `${CALLS} calls to another path`, expected: 'all 200', seen: codes(allowed), passed: allowed.byCode['200'] === CALLS });
  await hand.withdraw('deny', DENY);
  await untilEvery('the path is allowed again', async () => (await callFrom(client, { url: `${URL}/admin` })).code === 200);
}

function probePlain(plain: RealPod): Promise<TrafficCounts> {
  return sendTraffic(plain, { url: `${URL}/`, perSecond: 50, total: PROBES, headers: { connection: 'close' } });
}

function send(client: RealPod, path: string): Promise<TrafficCounts> {
  return sendTraffic(client, { url: `${URL}${path}`, perSecond: PER_SECOND, total: CALLS });
}

async function mark(client: RealPod): Promise<string> {
  return String((await callFrom(client, { url: `${URL}/` })).headers?.[MARK] ?? '');
}

function codes(counts: TrafficCounts): string {
  const answers = [...Object.entries(counts.byCode), ...Object.entries(counts.byError)].map(([code, count]) => `${count} × ${code}`);
  return answers.join(', ') || 'nothing';
}
