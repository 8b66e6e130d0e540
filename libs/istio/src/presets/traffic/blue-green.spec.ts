import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { blueGreen } from './blue-green.ts';

const base = { namespace: 'shop', host: 'checkout', blue: { version: 'v1' }, green: { version: 'v2' }, testers: { by: 'HEADER', name: 'x-preview', value: 'idle' } };

describe('blue-green', () => {
  it('always defines both subsets, so that the cut-over changes the VirtualService alone', () => {
    const [before, cutFrom] = written(blueGreen, { ...base, active: 'BLUE' });
    const [after, cutTo] = written(blueGreen, { ...base, active: 'GREEN' });
    expect(after).toEqual(before);
    expect(before).toMatchObject({ spec: { subsets: [{ name: 'blue' }, { name: 'green' }] } });
    expect(cutFrom).toMatchObject({ spec: { http: [{ route: [{ destination: { subset: 'green' } }] }, { route: [{ destination: { subset: 'blue' } }] }] } });
    expect(cutTo).toMatchObject({ spec: { http: [{ route: [{ destination: { subset: 'blue' } }] }, { route: [{ destination: { subset: 'green' } }] }] } });
  });

  it('can define the subsets ahead of the routes, and keep them behind', () => {
    const [definition] = written(blueGreen, { ...base, active: 'BLUE' });
    expect(written(blueGreen, { ...base, active: 'BLUE', prepareOnly: true })).toEqual([definition]);
  });

  it('refuses two colours of the same pods', () => {
    expect(refused(blueGreen, { ...base, green: base.blue, active: 'BLUE' })).toEqual(['green: green selects the same pods as blue']);
  });
});
