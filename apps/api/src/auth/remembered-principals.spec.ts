import { describe, expect, it } from 'vitest';
import { RememberedPrincipals } from './remembered-principals.ts';

interface Person {
  readonly name: string;
  readonly expiresAt: Date;
}

function remembering(expiresAt = 3_600_000) {
  const clock = { now: 0 };
  const people = new RememberedPrincipals<Person>(() => clock.now);
  let proofs = 0;
  const prove = (): Promise<Person> => {
    proofs += 1;
    return Promise.resolve({ name: `proof ${proofs}`, expiresAt: new Date(expiresAt) });
  };
  return { clock, people, prove, proofs: () => proofs };
}

describe('remembered principals', () => {
  it('are proven once in half a minute, however often they ask', async () => {
    const { clock, people, prove, proofs } = remembering();
    for (clock.now = 0; clock.now < 30_000; clock.now += 1_000) expect((await people.of('token', prove)).name).toBe('proof 1');
    expect(proofs()).toBe(1);
    expect((await people.of('token', prove)).name).toBe('proof 2');
  });

  it('end with their token, also within that time', async () => {
    const { clock, people, prove, proofs } = remembering(10_000);
    await people.of('token', prove);
    clock.now = 9_999;
    await people.of('token', prove);
    expect(proofs()).toBe(1);
    clock.now = 10_000;
    await people.of('token', prove);
    expect(proofs()).toBe(2);
  });

  it('are never taken for one another', async () => {
    const { people, prove } = remembering();
    expect((await people.of('one', prove)).name).toBe('proof 1');
    expect((await people.of('another', prove)).name).toBe('proof 2');
  });

  it('are not remembered when the proof fails', async () => {
    const { people, prove } = remembering();
    await expect(people.of('token', () => Promise.reject(new TypeError('not now')))).rejects.toThrow('not now');
    expect((await people.of('token', prove)).name).toBe('proof 1');
  });

  it('do not grow without bound', async () => {
    const { people, prove, proofs } = remembering();
    for (let token = 0; token <= 10_000; token += 1) await people.of(String(token), prove);
    const before = proofs();
    await people.of('10000', prove);
    expect(proofs()).toBe(before);
    await people.of('1', prove);
    expect(proofs()).toBe(before + 1);
  });
});
