import { kubectl, type OtherTool, type RealCluster } from '@meshfleet/cluster-real';
import type { JsonObject } from '@meshfleet/model';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import type { GraphqlClient } from '../../../apps/demo/src/graphql-client.ts';
import type { ProofReport } from '../proof.ts';
import { eachOfTheirs, eventually, rowOf, shown, type Row } from './foretold-rows.ts';
import { contestedIn, ourPolicy, versionsIn, type OurPolicy } from './our-policy.ts';
import { OURS, said, THEIR_SHOP, theirShop, TAKE_OVER, type Contested } from './their-shop.ts';

export interface Beside {
  readonly report: ProofReport;
  readonly cluster: RealCluster;
  readonly client: GraphqlClient;
  /** Of the policy and the section. */
  readonly name: string;
  readonly tool: OtherTool;
  /** What the tool says when all is as its repository wants it. */
  readonly content: string;
  /** Which of our rules are merged into which of its resources. */
  readonly rules: { readonly tool: string; readonly apply: (rules: JsonObject) => Promise<void>; readonly takeAway: () => Promise<void> };
  /** What comes of a taken field without the rules: the tool undoes it, or says that it is out of sync. */
  readonly withoutRules: 'undoes' | 'reports';
  /** What a dry run of the withdrawal says of their objects: KEPT where the tool has come to hold our values too. */
  readonly withdrawal: 'HANDED_BACK' | 'KEPT';
  /** What comes of the tool's newest value, when fields were given back while the rules were in place: it waits for the rules to go, or not. */
  readonly afterHandBack: 'waits' | 'syncs';
}

const LOOKS = 3;
const CONTEST_MS = 120_000;

/** The whole of "beside others", in an order in which a team would live through it. */
export async function proveBeside(beside: Beside): Promise<void> {
  const { report, cluster, client, name, tool, content, rules, withoutRules } = beside;
  report.section(name);
  const policy = ourPolicy(client, cluster, name);
  const row = rowOf(report);
  const until = async (sent: string, expected: Contested | string, look: () => Promise<unknown>): Promise<void> => {
    row(sent, expected, await eventually(look, expected));
  };
  const stands = (): Promise<Contested> => contestedIn(cluster);
  const first = said(THEIR_SHOP);
  /** Several of its reconciliations, in which nothing is written. */
  const restsWith = async (sent: string): Promise<void> => {
    await tool.reconcile();
    const before = await versionsIn(cluster);
    const verdicts = new Set<string>();
    for (let look = 0; look < LOOKS; look += 1) verdicts.add(await tool.reconcile());
    row(`${sent}, ${LOOKS} times`, `${content}, nothing written`, `${[...verdicts].join(', ')}, ${(await versionsIn(cluster)) === before ? 'nothing' : 'something'} written`);
  };

  await tool.publish(theirShop(THEIR_SHOP));
  await restsWith('the tool alone reconciles');
  row('a dry run of our policy', eachOfTheirs('CONFLICT', tool.manager), shown(await policy.foretell('leave')));
  await policy.push('leave');
  row('our policy, pushed', 'FAILED', await policy.status());
  row('what it says of their objects', TAKE_OVER.map(({ object }) => `${object}: FAILED Conflict, ${tool.manager}`).sort(), (await policy.conditions()).filter(({ status }) => status !== 'APPLIED').map(({ key, status, reason, manager }) => `${key}: ${status} ${reason}, ${manager}`).sort());
  row('their objects then', first, await stands());
  await restsWith('the tool reconciles beside it');

  row('a dry run with take-over', eachOfTheirs('CHANGED TakenOver', undefined, []), shown(await policy.foretell('take')));
  if (withoutRules === 'undoes') await proveContest(beside, policy, row);
  else {
    await policy.push('take');
    await until('taken over', OURS, stands);
    row('what the tool says without our rules', 'OutOfSync', await tool.reconcile());
  }
  await rules.apply(parse(await policy.ignoreRules(rules.tool)) as JsonObject); // what the field's description says it is
  if (withoutRules === 'undoes') await pushAnew(policy);
  await until('taken over, with our rules in place', OURS, stands);
  await until('the policy', 'APPLIED', policy.status);
  await restsWith('the tool reconciles, with our rules');
  row('still there', OURS, await stands());

  if (withoutRules === 'reports') {
    await policy.withdraw();
    await until('withdrawn', first, stands);
    await rules.takeAway();
    return;
  }
  const newest = { timeout: '2s', maxConnections: 20, port: 444, release: 'two' };
  await tool.publish(theirShop(newest));
  row('a commit that changes these fields and a label: the fields', OURS, await stands());
  row('the label', 'two', await kubectl(cluster.kubeconfigFile, ['-n', 'shop', 'get', 'virtualservice', 'reviews', '-o', 'jsonpath={.metadata.labels.release}']));
  await restsWith('the tool reconciles after it');
  row('what is ours alone, though its repository lacks it', 'destinationrule.networking.istio.io/ours', (await kubectl(cluster.kubeconfigFile, ['-n', 'shop', 'get', 'destinationrule', 'ours', '-o', 'name'])).trim());

  row('a dry run of the withdrawal', eachOfTheirs(beside.withdrawal, undefined, ['DestinationRule.networking.istio.io/shop/ours: REMOVED']), shown(await policy.foretell('withdraw'), false));
  await policy.withdraw();
  await until('withdrawn', beside.afterHandBack === 'waits' ? first : said(newest), stands);
  if (beside.afterHandBack === 'waits') await restsWith('the tool reconciles, with our rules still there');
  await rules.takeAway();
  await tool.reconcile();
  await until('without our rules its newest stands', said(newest), stands);
  await restsWith('the tool alone reconciles again');
  row('what it says of our withdrawn policy', [], (await policy.conditions()).filter(({ status }) => status !== 'DELETED'));
}

/** An agent tries a contested object only now and then: who does not want to wait withdraws the policy and pushes it again. */
async function pushAnew(policy: OurPolicy): Promise<void> {
  await policy.withdraw();
  await policy.push('take');
}

/** A tool that undoes what is not in its repository, and our agent that puts its policy's fields right: neither wins, and people are told. */
async function proveContest({ cluster, tool, report }: Beside, policy: OurPolicy, row: Row): Promise<void> {
  await policy.push('take');
  const started = performance.now();
  let contested: string[] = [];
  while (contested.length < TAKE_OVER.length && performance.now() - started < CONTEST_MS) {
    await tool.reconcile();
    await sleep(500);
    contested = (await policy.conditions()).filter(({ reason }) => reason === 'Contested').map(({ key, status, manager }) => `${key}: ${status}, ${manager}`).sort();
  }
  report.say(`contested within ${((performance.now() - started) / 1000).toFixed(0)} s`);
  row('taken over without our rules, while the tool reconciles', TAKE_OVER.map(({ object }) => `${object}: DRIFTED, ${tool.manager}`).sort(), contested);
  row('their objects then', said(THEIR_SHOP), await eventually(() => contestedIn(cluster), said(THEIR_SHOP)));
}
