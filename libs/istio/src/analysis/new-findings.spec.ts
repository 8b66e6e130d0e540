import type { Finding } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { newErrors, newFindings } from './new-findings.ts';

const finding = (path: string, message = 'missing', more: Partial<Finding> = {}): Finding => ({ code: 'IST0101', name: 'X', severity: 'ERROR', message, why: '', fix: '', object: 'a', path, ...more });

describe('comparing two runs', () => {
  it('calls an error new that was not there', () => {
    expect(newErrors([finding('spec.http[0]')], [finding('spec.http[0]'), finding('spec.http[1]', 'other')])).toEqual([finding('spec.http[1]', 'other')]);
  });

  it('knows an error again whose place or wording has moved', () => {
    expect(newErrors([finding('spec.http[0]', 'no a')], [finding('spec.http[1]', 'no a')])).toEqual([]);
    expect(newErrors([finding('spec.http[0]', 'no a')], [finding('spec.http[0]', 'no b')])).toEqual([]);
  });

  it('lets one old error stand for one new one, never for two', () => {
    expect(newErrors([finding('spec.http[0]')], [finding('spec.http[0]'), finding('spec.http[1]')])).toHaveLength(1);
  });

  it('leaves warnings to whoever asks for them', () => {
    const warning = finding('spec', 'odd', { severity: 'WARNING' });
    expect(newErrors([], [warning])).toEqual([]);
    expect(newFindings([], [warning])).toEqual([warning]);
    expect(newErrors([warning], [{ ...warning, object: 'b', severity: 'ERROR' }])).toHaveLength(1);
  });
});
