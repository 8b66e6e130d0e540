import { describe, expect, it } from 'vitest';
import { readConfiguration } from './configuration.ts';

const DATABASE_URL = 'postgresql://meshfleet@db:5432/meshfleet';

describe('the configuration of the reconciler', () => {
  it('needs the database alone', () => {
    expect(readConfiguration([], { DATABASE_URL, PORT: '' })).toEqual({
      databaseUrl: DATABASE_URL,
      host: '0.0.0.0',
      concurrency: 2,
      retention: { keepRevisions: 50, keepDays: 30 },
      mode: 'worker',
      privateHosts: new Set(),
    });
  });

  it('takes the hub’s key to sign webhook calls, and the hosts that may be private', () => {
    const key = Buffer.alloc(32, 1);
    const { key: read, privateHosts } = readConfiguration([], { DATABASE_URL, MESHFLEET_KEY: key.toString('base64'), ROLLOUT_WEBHOOK_PRIVATE_HOSTS: 'Gate.internal, other' });
    expect([read, privateHosts]).toEqual([key, new Set(['gate.internal', 'other'])]);
  });

  it.each([
    [{}, 'DATABASE_URL', 'not set'],
    [{ DATABASE_URL: 'db:5432' }, 'DATABASE_URL', 'must look like'],
    [{ DATABASE_URL, PORT: 'http' }, 'PORT', 'whole number'],
    [{ DATABASE_URL, MESHFLEET_KEY: 'c2hvcnQ=' }, 'MESHFLEET_KEY', '5 bytes and not 32'],
    [{ DATABASE_URL, HISTORY_KEEP_REVISIONS: '0' }, 'HISTORY_KEEP_REVISIONS', 'whole number from 1'],
  ])('names the variable that is wrong in %j', (env, variable, why) => {
    expect(() => readConfiguration([], env)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', where: { field: [variable] }, why: expect.stringContaining(why) as string }));
  });

  it('takes one mode, and no argument that it does not know', () => {
    expect(readConfiguration(['--drain'], { DATABASE_URL }).mode).toBe('drain');
    expect(readConfiguration(['--restored'], { DATABASE_URL }).mode).toBe('restored');
    expect(() => readConfiguration(['--dran'], { DATABASE_URL })).toThrow('Unknown argument --dran');
    expect(() => readConfiguration(['--drain', '--restored'], { DATABASE_URL })).toThrow('do not go together');
  });
});
