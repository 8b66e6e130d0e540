import { strategySchema } from '@meshfleet/planner';
import type { RolloutWave } from '@meshfleet/planner';
import { describe, expect, it } from 'vitest';
import { judgeHistory } from './judge-history.ts';
import type { Happened } from './record-history.ts';

type Told = Record<string, unknown> & { readonly kind: Happened['kind'] };

const wave = (patch: object = {}): RolloutWave => ({ name: 'w', size: 1, soakSeconds: 0, gates: { healthy: false, findings: false, webhook: undefined, approval: undefined }, phase: 'PENDING', openedAt: null, soakUntil: null, doneAt: null, approvals: [], webhook: null, promoted: null, ...patch });
const state = (waves: readonly object[], patch: object = {}): object => ({ status: 'RUNNING', because: '', wave: 0, waves, paused: null, abort: null, stop: null, startedAt: 1, endedAt: null, ...patch });
const open = wave({ phase: 'OPEN', openedAt: 1 });
const done = wave({ phase: 'DONE', openedAt: 1, doneAt: 2 });
const rollout = (patch: object = {}): Told => ({ kind: 'ROLLOUT', rolloutId: 'r', policyId: 'p', version: 2, planned: true, active: true, strategy: strategySchema.parse({}), objectKeys: ['ConfigMap/x/a'], state: state([open]), ...patch });
const word = (patch: object = {}): Told => ({ kind: 'WORD', rolloutId: 'r', clusterId: 'c', wave: 0, phase: 'PENDING', reason: null, accepted: false, held: 1, target: 2, version: 1, state: state([open]), ...patch });
const assigned = (version: number | null, patch: object = {}): Told => ({ kind: 'ASSIGNED', policyId: 'p', clusterId: 'c', version, ...patch });
const desired = (hash: string): Told => ({ kind: 'DESIRED', clusterId: 'c', entries: [{ key: 'ConfigMap/x/a', policyId: 'p', hash, drift: 'CORRECT' }] });
const begun = [assigned(1), desired('h1'), rollout({ planned: false, state: {} }), word({ state: null })];
/** Each in a transaction of its own, unless it says otherwise. */
const judge = (rows: readonly Told[]): string[] => judgeHistory(rows.map((row, seq) => ({ seq, at: seq, tx: String(seq), ...row }) as unknown as Happened), []);

describe('the judge of what happened', () => {
  it('finds nothing wrong with a rollout that goes as it should, and is taken back', () => {
    const back = { status: 'ROLLED_BACK', endedAt: 9 };
    expect(judge([...begun, rollout(), word({ version: 2, phase: 'UPDATING' }), assigned(2), desired('h2'), rollout({ state: state([open], { status: 'ROLLING_BACK' }) }), word({ phase: 'ROLLING_BACK' }), assigned(1), desired('h1'), word({ phase: 'ROLLED_BACK', tx: 'end' }), rollout({ active: false, state: state([open], back), tx: 'end' })])).toEqual([]);
  });

  it('does not hold a rollback to a state that was older than what the cluster had been assigned', () => {
    const late = [assigned(7), desired('h7'), assigned(1), rollout({ planned: false, state: {} }), word({ state: null })];
    expect(judge([...late, rollout(), desired('h1'), word({ phase: 'ROLLED_BACK', tx: 'end' }), rollout({ active: false, state: state([open], { status: 'ROLLED_BACK', endedAt: 9 }), tx: 'end' })])).toEqual([]);
  });

  it.each<[string, readonly Told[], string]>([
    ['a cluster of a wave that is not open', [...begun, rollout({ state: state([wave()]) }), word({ version: 2, phase: 'UPDATING', state: state([wave()]) })], 'before its wave was open'],
    ['something that is neither what was nor the target', [...begun, word({ version: 7 })], 'something else than'],
    ['the target while it goes back', [...begun, word({ version: 2, phase: 'ROLLED_BACK' })], 'asked to hold the target'],
    ['a wave before the one before is done', [...begun, rollout({ state: state([open, wave({ openedAt: 3, phase: 'OPEN' })], { wave: 1 }) })], 'was done'],
    ['a wave without its approvals', [...begun, rollout({ state: state([{ ...open, gates: { ...open.gates, approval: { when: 'BEFORE', count: 1 } } }]) })], 'without its approvals'],
    ['a wave past a webhook that said no', [...begun, rollout({ state: state([{ ...done, gates: { ...done.gates, webhook: { url: '' } } }, wave({ openedAt: 3, phase: 'OPEN' })], { wave: 1 }) })], 'webhook'],
    ['a wave that was not watched', [...begun, rollout({ state: state([{ ...done, soakSeconds: 60 }, wave({ openedAt: 3, phase: 'OPEN' })], { wave: 1 }) })], 'was not watched'],
    ['a wave past failures that nobody forgives', [...begun, rollout(), word({ phase: 'FAILED', version: 2 }), rollout({ state: state([done, wave({ openedAt: 3, phase: 'OPEN' })], { wave: 1 }) })], 'had failed'],
    ['two rollouts at once', [...begun, rollout(), rollout({ rolloutId: 's', policyId: 'q', planned: false, objectKeys: ['ConfigMap/x/${cluster.name}'] }), word({ rolloutId: 's', held: null, version: null }), rollout({ rolloutId: 's', policyId: 'q', objectKeys: ['ConfigMap/x/${cluster.name}'] })], 'may touch the same object'],
    ['another version after a rollback', [...begun, rollout(), word({ version: 2, phase: 'UPDATING' }), assigned(2), rollout({ active: false, state: state([open], { status: 'ROLLED_BACK' }) })], 'after its rollback'],
    ['another way to hold it after a rollback', [...begun, rollout(), desired('h3'), word({ phase: 'ROLLED_BACK' }), rollout({ active: false, state: state([open], { status: 'ROLLED_BACK' }) })], 'exactly what it was'],
    ['a note of what was held that is wrong', [assigned(3), rollout({ planned: false }), word()], 'was noted to hold'],
    ['a wave that opens twice', [...begun, rollout(), rollout({ state: state([{ ...open, openedAt: 5 }]) })], 'opened twice'],
    ['an approval that is lost', [...begun, rollout({ state: state([{ ...open, approvals: [{ by: 'a', at: 1 }] }]) }), rollout()], 'lost an approval'],
    ['anything after the end', [...begun, rollout({ state: state([open], { status: 'SUCCEEDED' }) }), rollout()], 'after its end'],
  ])('finds %s', (_what, rows, said) => {
    expect(judge(rows).join('\n')).toContain(said);
  });

  it('finds a cluster that holds what nobody told it', () => {
    const history = [{ seq: 1, at: 10, tx: '1', ...assigned(1) }] as unknown as Happened[];
    const seen = { clusterId: 'c', policyId: 'p' };
    expect(judgeHistory(history, [{ ...seen, version: 1, at: 11 }])).toEqual([]);
    expect(judgeHistory(history, [{ ...seen, version: 1, at: 9 }, { ...seen, version: 2, at: 11 }])).toHaveLength(2);
  });
});
