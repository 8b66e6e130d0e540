import type { TrafficCounts } from '@meshfleet/cluster-real';
import { expect, it } from 'vitest';
import { allOf, seenOf, shareOf } from './measure.ts';

const counts = (byCode: Record<string, number>, byVersion: Record<string, number> = {}, byError: Record<string, number> = {}, byProxyError: Record<string, number> = {}): TrafficCounts => {
  const answered = Object.values(byCode).reduce((sum, count) => sum + count, 0);
  return { sent: answered + Object.values(byError).reduce((sum, count) => sum + count, 0), answered, byCode, byVersion, byCluster: {}, byError, byProxyError };
};

it('passes only when every call got the answer, from the version if one is named', () => {
  expect(allOf('calls', counts({ 200: 10 }, { v1: 10 }), 200, 'v1')).toEqual({ sent: '10 calls', expected: 'all v1, 200', seen: '10 × 200; v1 10', passed: true });
  expect(allOf('calls', counts({ 200: 10 }, { v1: 9, v2: 1 }), 200, 'v1').passed).toBe(false);
  expect(allOf('calls', counts({ 200: 9, 503: 1 }, {}, {}, { 'no healthy upstream': 1 }), 200)).toMatchObject({ seen: '9 × 200, 1 × 503; 1 × “no healthy upstream”', passed: false });
  expect(allOf('calls', counts({ 503: 1 }, {}, {}, { 'no healthy upstream': 1 }), 503)).toMatchObject({ seen: '1 × 503', passed: true });
  expect(allOf('calls', counts({ 200: 9 }, {}, { ECONNRESET: 1 }), 200)).toMatchObject({ seen: '9 × 200, 1 × ECONNRESET', passed: false });
});

it('passes a share within what chance allows', () => {
  expect(shareOf('calls', 400, 0.5, 'v2', 210)).toEqual({ sent: '400 calls', expected: 'v2 151 to 249 times', seen: 'v2 210 times', passed: true });
  expect(shareOf('calls', 400, 0.5, 'v2', 250).passed).toBe(false);
});

it('says that nothing came back', () => {
  expect(seenOf(counts({}))).toBe('nothing');
});
