import { describe, expect, it } from 'vitest';
import { UNCOMPILED_REVISION, statusOf } from './policy-status.ts';

describe('the status of a policy in a cluster', () => {
  it('is pending until the agent has acknowledged the revision that carries it', () => {
    expect(statusOf({ revision: 5, ackedRevision: 4, conditions: ['FAILED'] })).toBe('PENDING');
    expect(statusOf({ revision: 5, ackedRevision: 5, conditions: [] })).toBe('APPLIED');
  });

  it('is pending before its compilation, however far the agent is', () => {
    expect(statusOf({ revision: UNCOMPILED_REVISION, ackedRevision: 1_000_000, conditions: [] })).toBe('PENDING');
  });

  it('is failed when anything failed, drifted when anything drifted, and applied when all was put right', () => {
    expect(statusOf({ revision: 1, ackedRevision: 1, conditions: ['DRIFTED', 'FAILED', 'CORRECTED'] })).toBe('FAILED');
    expect(statusOf({ revision: 1, ackedRevision: 1, conditions: ['CORRECTED', 'DRIFTED'] })).toBe('DRIFTED');
    expect(statusOf({ revision: 1, ackedRevision: 2, conditions: ['CORRECTED'] })).toBe('APPLIED');
  });
});
