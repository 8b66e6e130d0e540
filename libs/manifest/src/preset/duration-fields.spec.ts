import { describe, expect, it } from 'vitest';
import { durationMilliseconds, gatewayDurationField, positiveDurationField } from './duration-fields.ts';

describe('time spans', () => {
  it.each([
    ['500ms', 500],
    ['1m30s', 90_000],
    ['0.25s', 250],
    ['2h', 7_200_000],
  ])('%s are %d ms', (text, milliseconds) => {
    expect(durationMilliseconds(text)).toBe(milliseconds);
    expect(positiveDurationField.safeParse(text).success).toBe(true);
  });

  it.each(['', '5', '0s', '0ms', '0.5ms', '1d', '1.s', 's', '-1s'])('"%s" is none', (text) => {
    expect(positiveDurationField.safeParse(text).success).toBe(false);
    expect(gatewayDurationField.safeParse(text).success).toBe(false);
  });

  it('are whole milliseconds for Istio', () => {
    expect(['1.5ms', '0.0015s', '24.48m0.1ms'].filter((text) => positiveDurationField.safeParse(text).success)).toEqual([]);
    expect(['1.5s', '0.001s', '24.48m', '0.1s0.2s'].filter((text) => !positiveDurationField.safeParse(text).success)).toEqual([]);
  });

  it('have no fractions in the Gateway API', () => {
    expect(gatewayDurationField.safeParse('1m30s').success).toBe(true);
    expect(gatewayDurationField.safeParse('0.25s').success).toBe(false);
  });
});
