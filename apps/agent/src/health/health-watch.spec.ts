import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import { createHealthWatch } from './health-watch.ts';

const gateway = (status: 'True' | 'False' | 'Unknown', type = 'Programmed'): KubeObject => ({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: { name: 'edge' }, status: { conditions: [{ type, status, reason: `Is${status}`, message: '' }] } });

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('watching the health of objects', () => {
  it('is patient with what is pending, and tells when patience ends, once', () => {
    const changed: string[] = [];
    const health = createHealthWatch({ onChange: (key) => changed.push(key), patienceMs: 1_000 });
    health.see('a', gateway('False'));
    vi.advanceTimersByTime(900);
    health.see('a', gateway('Unknown'));
    expect(health.of('a')).toBeUndefined();
    vi.advanceTimersByTime(200);
    expect(health.of('a')).toMatchObject({ reason: 'IsUnknown' });
    vi.advanceTimersByTime(10_000);
    health.see('a', gateway('Unknown'));
    expect(changed).toEqual(['a']);
    health.see('a', gateway('True'));
    expect([health.of('a'), changed]).toEqual([undefined, ['a', 'a']]);
  });

  it('has no patience with what is refused, and new patience when it is tried anew', () => {
    const changed: string[] = [];
    const health = createHealthWatch({ onChange: (key) => changed.push(key), patienceMs: 1_000 });
    health.see('a', gateway('False', 'Accepted'));
    expect(health.of('a')).toMatchObject({ reason: 'IsFalse' });
    health.see('a', gateway('Unknown', 'Accepted'));
    expect(health.of('a')).toBeUndefined();
    vi.advanceTimersByTime(1_100);
    expect(health.of('a')).toMatchObject({ reason: 'IsUnknown' });
    health.forget('a');
    expect([health.of('a'), changed]).toEqual([undefined, ['a', 'a', 'a']]);
  });

  it('says nothing of objects that are well', () => {
    const changed: string[] = [];
    const health = createHealthWatch({ onChange: (key) => changed.push(key) });
    for (let round = 0; round < 3; round += 1) health.see('a', gateway('True'));
    expect(changed).toEqual([]);
    health.stop();
  });
});
