import { MeshfleetError } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { admitFindings } from './admit-findings.ts';
import { tryToJudge } from './judge-fleet.ts';

const reported: unknown[] = [];
const scope = { requestId: 'r-4711', report: (error: Error) => reported.push(error.cause) };
const cause = new RangeError('Maximum call stack size exceeded');
const breaks = (how: Error = cause) => tryToJudge(scope, Promise.reject(how));

describe('an analysis that breaks', () => {
  it('refuses the change in words, and an administrator goes on without it, audited', async () => {
    const verdict = await breaks();
    expect(() => admitFindings('OPERATOR', { force: false, ignoreFindings: [] }, verdict, () => ({}))).toThrow('The change could not be analysed');
    expect(admitFindings('ADMIN', { force: true, ignoreFindings: [] }, verdict, () => ({}))).toMatchObject({ analysis: null, warnings: [{ code: 'ANALYSIS_FAILED' }], audit: { ignoredFindings: ['not analysed'], notAnalysed: 'RangeError: Maximum call stack size exceeded' } });
    expect(reported).toEqual([cause]);
  });

  it('in the thread is one as well', async () => {
    const fault = new MeshfleetError({ code: 'INTERNAL', summary: 'The thread could not do it (judgeChange)', why: 'TypeError: spec.http is not iterable\n    at analyze (rule.ts:1:1)' });
    expect(admitFindings('ADMIN', { force: true, ignoreFindings: [] }, await breaks(fault), () => ({})).audit).toMatchObject({ notAnalysed: 'TypeError: spec.http is not iterable' });
    expect(reported.at(-1)).toBe(fault);
  });

  it('is not taken for a store that cannot be reached', async () => {
    const unreachable = new MeshfleetError({ code: 'STORE_UNAVAILABLE', summary: 'gone' });
    await expect(tryToJudge(scope, Promise.reject(unreachable))).rejects.toBe(unreachable);
    const conflict = Object.assign(new Error('could not serialize access'), { code: '40001' });
    await expect(tryToJudge(scope, Promise.reject(conflict))).rejects.toBe(conflict);
  });
});
