import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { createFreeze } from '../freeze/create-freeze.ts';
import { applyPolicy } from '../policy/apply-policy.ts';
import { deletePolicy } from '../policy/delete-policy.ts';
import { placementInput } from '../policy/placement-input.ts';
import { rollBackPolicy } from '../policy/roll-back-policy.ts';
import { promoteRollout } from '../rollout/command-rollout.ts';
import { strategyInput } from '../rollout/stage-input.ts';
import { problemsOf, userErrorOf } from './user-error.ts';

type Wrong = readonly [field: string, input: object, why: string];

function errorsOf(schema: z.ZodType, input: object) {
  const parsed = schema.safeParse(input);
  return parsed.success ? [] : problemsOf(parsed.error, input).map(userErrorOf);
}

const webhook = (more: object): object => ({ gates: { webhook: { url: 'https://gate.example.com', ...more } } });
const nightly = (more: object): object => ({ windows: [{ start: '22:30', end: '04:00', timeZone: 'UTC', ...more }] });
const policy = (more: object): object => ({ name: 'strict', manifests: '', placement: {}, ...more });
const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `c${index}`);

const WRONG: Readonly<Record<string, readonly [z.ZodType, readonly Wrong[]]>> = {
  strategy: [
    strategyInput,
    [
      ['waves.0.count', { waves: [{ count: 0 }] }, 'it is 0'],
      ['waves.0.percent', { waves: [{ percent: 101 }] }, 'it is 101'],
      ['waves.0.percent', { waves: [{ percent: 10, count: 2 }] }, 'it has count 2 and percent 10'],
      ['waves.0.clusterSelector', { waves: [{ name: 'canary' }] }, 'it has neither clusterSelector nor count nor percent'],
      ['waves.0.clusterSelector', { waves: [{ clusterSelector: 'env in prod' }] }, '(column 8)'],
      ['waves.0.name', { waves: [{ count: 1, name: 'x'.repeat(64) }] }, 'it is "xxx'],
      ['waves', { waves: Array.from({ length: 51 }, () => ({ count: 1 })) }, '51 were given'],
      ['soakSeconds', { soakSeconds: -1 }, 'it is -1'],
      ['progressDeadlineSeconds', { progressDeadlineSeconds: 604_801 }, 'it is 604801'],
      ['failureBudget.percent', { failureBudget: { count: 1, percent: 5 } }, 'it has count 1 and percent 5'],
      ['failureBudget.count', { failureBudget: { count: -1 } }, 'it is -1'],
      ['offline.quorumPercent', { offline: { quorumPercent: 500 } }, 'it is 500'],
      ['maxConcurrent', { maxConcurrent: 0 }, 'it is 0'],
      ['windows.0.start', nightly({ start: '25:00' }), 'it is "25:00"'],
      ['windows.0.timeZone', nightly({ timeZone: 'Berlin' }), 'it is "Berlin"'],
      ['gates.webhook.url', webhook({ url: 'ftp://gate' }), 'it is "ftp://gate"'],
      ['gates.webhook.url', webhook({ url: 'https://me:secret@gate.example.com' }), 'everybody who may look at the rollout can read it'],
      ['gates.webhook.intervalSeconds', webhook({ intervalSeconds: 1 }), 'it is 1'],
      ['gates.approval.count', { gates: { approval: { count: 11 } } }, 'it is 11'],
    ],
  ],
  placement: [
    placementInput,
    [
      ['percent', { percent: 0 }, 'it is 0'],
      ['count', { percent: 10, count: 3 }, 'it has percent 10 and count 3'],
      ['excludeClusterNames', { clusterNames: ['a'], excludeClusterNames: ['a'] }, 'it stands in clusterNames too'],
      ['clusterNames', { clusterNames: many(1001) }, '1001 were given'],
      ['regions.0', { regions: ['r'.repeat(64)] }, 'it is "rrr'],
      ['clusterSelector', { clusterSelector: 'env in prod' }, '(column 8)'],
    ],
  ],
  'a policy': [
    applyPolicy.input,
    [
      ['name', policy({ name: 'Strict mTLS' }), 'it is "Strict mTLS"'],
      ['expectedVersion', policy({ expectedVersion: -1 }), 'it is -1'],
      ['variables.0.name', policy({ variables: [{ name: '1st' }] }), 'it is "1st"'],
      ['variables.0.default', policy({ variables: [{ name: 'a', default: 'x'.repeat(70_000) }] }), 'it is longer'],
      ['patches.0.patch', policy({ patches: [{ patch: '[1]' }] }), 'as a merge patch it cannot be applied'],
      ['patches.0.patch', policy({ patches: [{ type: 'JSON', patch: '{}' }] }), 'as a JSON patch it cannot be applied'],
      ['ignoreFindings.0', policy({ ignoreFindings: ['all'] }), 'it is "all"'],
      ['takeOver.0.fields.0', policy({ takeOver: [{ object: 'ConfigMap/a/b', fields: ['.metadata.name'] }] }), 'it is ".metadata.name"'],
      ['takeOver.0.fields', policy({ takeOver: [{ object: 'ConfigMap/a/b', fields: [] }] }), '0 were given'],
      ['placement', { name: 'strict' }, 'nothing was given'],
    ],
  ],
  'a withdrawal': [deletePolicy.input, [['id', {}, 'neither was given'], ['id', { id: 'a', name: 'b' }, 'both were given'], ['approveDeletions', { name: 'b', approveDeletions: -1 }, 'it is -1']]],
  'a return to an earlier version': [rollBackPolicy.input, [['version', { name: 'b', version: 0 }, 'it is 0']]],
  'a freeze': [
    createFreeze.input,
    [
      ['reason', { reason: '' }, 'it is ""'],
      ['startsAt', { reason: 'audit', startsAt: 'tomorrow' }, 'it is "tomorrow"'],
      ['endsAt', { reason: 'audit', startsAt: '2030-01-02T00:00:00Z', endsAt: '2030-01-01T00:00:00Z' }, 'it begins at 2030-01-02T00:00:00.000Z and ends at 2030-01-01T00:00:00.000Z'],
    ],
  ],
  'a command': [promoteRollout.input, [['wave', { id: 'a', wave: -1 }, 'it is -1']]],
};

describe.each(Object.entries(WRONG))('what is wrong with %s', (_, [schema, inputs]) => {
  it.each(inputs)('%s is told with what was given and what may be (%j)', (field, input, why) => {
    expect(errorsOf(schema, input)).toEqual([
      expect.objectContaining({ field: ['input', ...field.split('.')], why: expect.stringContaining(why) as string, fix: expect.stringMatching(/^[A-Z]./) as string }),
    ]);
  });
});

it('repeats no password', () => {
  expect(JSON.stringify(errorsOf(strategyInput, webhook({ url: 'ftp://me:secret@gate' })))).not.toContain('secret');
});
