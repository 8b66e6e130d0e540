import { describe, expect, it } from 'vitest';
import { conflictsOf } from './apply-conflicts.ts';
import { errorFromAnswer, isGone, isNotFound, isTransient } from './kube-error.ts';

const refused = (causes: object[], reason = 'Conflict', code = 409) => errorFromAnswer(code, { kind: 'Status', code, reason, message: 'Apply failed', details: { causes } }, undefined, 'PATCH /x');

describe('a refused apply', () => {
  it('names manager and field, with and without version and subresource', () => {
    const error = refused([
      { reason: 'FieldManagerConflict', message: 'conflict with "argocd"', field: '.spec.hosts' },
      { reason: 'FieldManagerConflict', message: 'conflict with "kubectl-edit" using networking.istio.io/v1 at 2026-01-02T03:04:05Z', field: '.spec.http' },
      { reason: 'FieldManagerConflict', message: 'conflict with "controller" with subresource "status" using v1', field: '.status' },
      { reason: 'Other', message: 'no conflict' },
    ]);
    expect(conflictsOf(error)).toEqual([
      { manager: 'argocd', field: '.spec.hosts' },
      { manager: 'kubectl-edit', field: '.spec.http', detail: 'networking.istio.io/v1 at 2026-01-02T03:04:05Z' },
      { manager: 'controller', field: '.status', detail: 'v1' },
    ]);
  });

  it('is not what other errors are', () => {
    expect(conflictsOf(refused([], 'AlreadyExists'))).toEqual([]);
    expect(conflictsOf(new Error('x'))).toEqual([]);
  });
});

describe('an answer that is not a success', () => {
  it('is told apart by status and reason, also when its body is no Status', () => {
    expect(isNotFound(errorFromAnswer(404, {}, undefined, 'GET /x'))).toBe(true);
    expect(isGone(errorFromAnswer(410, {}, undefined, 'GET /x'))).toBe(true);
    expect(isTransient(errorFromAnswer(503, 'nothing', undefined, 'GET /x'))).toBe(true);
    expect(isTransient(errorFromAnswer(403, {}, undefined, 'GET /x'))).toBe(false);
  });

  it('carries Retry-After from the header or the details', () => {
    expect(errorFromAnswer(429, {}, '3', 'GET /x').retryAfterMs).toBe(3_000);
    expect(errorFromAnswer(429, { details: { retryAfterSeconds: 2 } }, undefined, 'GET /x').retryAfterMs).toBe(2_000);
    expect(errorFromAnswer(429, {}, 'soon', 'GET /x').retryAfterMs).toBeUndefined();
  });
});
