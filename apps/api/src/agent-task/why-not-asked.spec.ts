import type { TaskTarget } from '@meshfleet/store';
import { expect, it } from 'vitest';
import { whyNotAsked } from './why-not-asked.ts';

const target: TaskTarget = { name: 'frankfurt', lifecycle: 'ACTIVE', offline: false, lastSeenAt: null, features: ['TASKS'] };

it('asks an agent that is there and knows questions', () => {
  expect(whyNotAsked(target)).toBeUndefined();
});

it.each([
  ['NOT_FOUND', undefined],
  ['APPROVAL_PENDING', { ...target, lifecycle: 'PENDING_APPROVAL' as const }],
  ['CLUSTER_QUARANTINED', { ...target, lifecycle: 'QUARANTINED' as const }],
  ['CLUSTER_EVICTED', { ...target, lifecycle: 'EVICTED' as const }],
  ['CLUSTER_OFFLINE', { ...target, offline: true }],
  ['PRECONDITION_FAILED', { ...target, features: null }],
  ['AGENT_OUTDATED', { ...target, features: [] }],
])('says %s with why, and what to do', (code, of) => {
  expect(whyNotAsked(of)).toEqual({ code, summary: expect.stringMatching(/./) as string, why: expect.stringMatching(/./) as string, fix: expect.stringMatching(/^[A-Z].*\.$/) as string });
});
