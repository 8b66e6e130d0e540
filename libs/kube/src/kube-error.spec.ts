import { describe, expect, it } from 'vitest';
import { errorFromAnswer, isAlreadyExists, isConflict, isGone, isNotFound, isTransient } from './kube-error.ts';

const answer = (status: number, body: unknown = {}, retryAfter?: string) => errorFromAnswer(status, body, retryAfter, 'GET /api/v1/pods');

describe('an answer that is not what was asked for', () => {
  it('says what the API server says, and of which request', () => {
    const error = answer(422, { kind: 'Status', reason: 'Invalid', message: 'spec is wrong', details: { causes: [{ field: 'spec.a', reason: 'FieldValueInvalid', message: 'no' }], kind: 'Pod' } });
    expect(error).toMatchObject({ code: 'KUBERNETES_REFUSED', summary: 'spec is wrong', why: 'GET /api/v1/pods', status: 422, reason: 'Invalid', detailsKind: 'Pod', causes: [{ field: 'spec.a' }] });
  });

  it.each([undefined, null, 'text', 7, [], { reason: 5, message: {}, details: null }, { details: { causes: 'none' } }])('is told by its status alone where the body is no Status: %j', (body) => {
    expect(answer(503, body)).toMatchObject({ status: 503, summary: 'The API server answered 503', causes: [] });
  });

  it('tells how long to wait, by the header before the body, and not when that is no number', () => {
    const body = { details: { retryAfterSeconds: 3 } };
    expect([answer(429, body, '7').retryAfterMs, answer(429, body).retryAfterMs, answer(429, body, 'soon').retryAfterMs, answer(429).retryAfterMs]).toEqual([7_000, 3_000, undefined, undefined]);
  });

  it('says what to do about it', () => {
    expect([401, 403, 429, 500, 418].map((status) => answer(status).fix?.split(' ')[0])).toEqual(['The', 'Grant', 'The', 'The', 'See']);
  });
});

describe('what an answer means', () => {
  it('is told by status and reason', () => {
    expect(isNotFound(answer(404))).toBe(true);
    expect(isAlreadyExists(answer(409, { reason: 'AlreadyExists' }))).toBe(true);
    expect(isConflict(answer(409, { reason: 'Conflict' }))).toBe(true);
    expect([isGone(answer(410)), isGone(answer(400, { reason: 'Expired' })), isGone(answer(404))]).toEqual([true, true, false]);
    expect([408, 429, 500, 503].every((status) => isTransient(answer(status)))).toBe(true);
    expect([400, 401, 403, 404, 409, 422].some((status) => isTransient(answer(status)))).toBe(false);
  });

  it('is nothing for errors of others', () => {
    const other = Object.assign(new TypeError('no'), { status: 404, reason: 'AlreadyExists' });
    expect([isNotFound, isAlreadyExists, isConflict, isGone, isTransient].some((test) => test(other))).toBe(false);
  });
});
