import { describe, expect, it } from 'vitest';
import { createHolderIdentity, microTime } from './lease-holder.ts';

const me = (inPod: boolean, alive = false) => createHolderIdentity({ inPod, host: 'agent-0', pid: 7, random: 'cafe0123', alive: () => alive });

describe('who holds a Lease', () => {
  it('is named by host, process and something of its own', () => {
    expect(me(true).text).toBe('agent-0_7_cafe0123');
    expect(createHolderIdentity({ inPod: true }).text).not.toBe(createHolderIdentity({ inPod: true }).text);
  });

  it('is known to be dead when its process on this machine is gone', () => {
    expect(me(false, false).isDead('agent-0_6_00000000')).toBe(true);
    expect(me(false, true).isDead('agent-0_6_00000000')).toBe(false);
  });

  it('is known to be dead when it had this pod before: a container has its pod to itself', () => {
    expect(me(true, true).isDead('agent-0_7_00000000')).toBe(true);
  });

  it('is not known to be dead on another host, nor under a name of another form', () => {
    expect([me(true).isDead('agent-1_7_00000000'), me(true).isDead('somebody'), me(true).isDead('')]).toEqual([false, false, false]);
  });
});

it('writes times with microseconds, as Leases have them', () => {
  expect(microTime(new Date('2026-01-02T03:04:05.678Z'))).toBe('2026-01-02T03:04:05.678000Z');
});
