import { MeshfleetError } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { admitFindings } from './admit-findings.ts';
import { tryToJudge } from './judge-fleet.ts';

const breaks = () => tryToJudge(Promise.reject(new RangeError('Maximum call stack size exceeded')));

describe('an analysis that breaks', () => {
  it('refuses the change in words, and an administrator goes on without it, audited', async () => {
    const verdict = await breaks();
    expect(() => admitFindings('OPERATOR', { force: false, ignoreFindings: [] }, verdict, () => ({}))).toThrow('The change could not be analysed');
    expect(admitFindings('ADMIN', { force: true, ignoreFindings: [] }, verdict, () => ({}))).toMatchObject({ analysis: null, warnings: [{ code: 'INTERNAL' }], audit: { ignoredFindings: ['not analysed'] } });
  });

  it('is not taken for a store that cannot be reached', async () => {
    const unreachable = new MeshfleetError({ code: 'STORE_UNAVAILABLE', summary: 'gone' });
    await expect(tryToJudge(Promise.reject(unreachable))).rejects.toBe(unreachable);
    const conflict = Object.assign(new Error('could not serialize access'), { code: '40001' });
    await expect(tryToJudge(Promise.reject(conflict))).rejects.toBe(conflict);
  });
});
