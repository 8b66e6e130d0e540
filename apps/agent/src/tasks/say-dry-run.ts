import { canonicalJson } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import type { DryRunObject } from '@meshfleet/protocol';
import { comparable, createBodyBudget } from './shown-object.ts';

/** One answer of a dry run, with the object as it is and as it would be where these are given and differ. */
export type SayDryRun = (key: string, outcome: DryRunObject['outcome'], why: { readonly reason: string; readonly message: string }, live?: KubeObject, wouldBe?: KubeObject) => DryRunObject;

/** Says what came of each object, in no more room than an answer has: bodies beyond it are left out. */
export function createDryRunSayer(): SayDryRun {
  const budget = createBodyBudget();
  return (key, outcome, { reason, message }, live, wouldBe) => {
    const before = live === undefined ? undefined : comparable(live);
    const after = wouldBe === undefined ? undefined : comparable(wouldBe);
    const said = { key, outcome, reason, message: message.slice(0, 1_024), conflicts: [] };
    if (before !== undefined && after !== undefined && canonicalJson(before) === canonicalJson(after)) return said;
    const shown = { live: before === undefined ? undefined : budget.fit(before), wouldBe: after === undefined ? undefined : budget.fit(after) };
    const truncated = (before !== undefined && shown.live === undefined) || (after !== undefined && shown.wouldBe === undefined);
    return {
      ...said,
      ...(shown.live === undefined ? {} : { live: shown.live }),
      ...(shown.wouldBe === undefined ? {} : { wouldBe: shown.wouldBe }),
      ...(truncated ? { truncated } : {}),
    };
  };
}

/** Whether two objects say the same. */
export const saysTheSame = (one: KubeObject, other: KubeObject): boolean => canonicalJson(comparable(one)) === canonicalJson(comparable(other));
