import { expect, it } from 'vitest';
import { countAnswer, noAnswers } from './count-answers.ts';

it('keeps what a proxy said of a call that it failed, and not what an application said', () => {
  const counts = noAnswers();
  countAnswer(counts, { code: 200, version: 'v1', pod: 'echo-1', cluster: 'east', body: '{}' });
  countAnswer(counts, { code: 503, version: 'v1', pod: 'echo-1', cluster: 'east', body: '{}' });
  countAnswer(counts, { code: 503, version: '', pod: '', cluster: '', body: 'no healthy upstream' });
  countAnswer(counts, { error: 'ECONNRESET' });
  expect(counts).toEqual({ sent: 0, answered: 3, byCode: { 200: 1, 503: 2 }, byVersion: { v1: 2 }, byCluster: { east: 2 }, byError: { ECONNRESET: 1 }, byProxyError: { 'no healthy upstream': 1 } });
});
