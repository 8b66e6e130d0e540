import { describe, expect, it } from 'vitest';
import { embeddedError } from './embedded-error.ts';

const context = { dataDir: '/data/pg', port: 5432, user: 'postgres' };

// Word for word what initdb and postgres 18 print.
describe('what Postgres says before it gives up', () => {
  it.each([
    ['a full disk in initdb', 'initdb: error: could not write to file "/data/pg/pg_wal/xlogtemp.1": No space left on device', 'STORE_UNAVAILABLE', 'Free some space'],
    ['a full disk at start', 'FATAL:  could not write lock file "postmaster.pid": No space left on device', 'STORE_UNAVAILABLE', 'Free some space'],
    ['a full disk of ours', "Error: ENOSPC: no space left on device, mkdir '/data/pg'", 'STORE_UNAVAILABLE', 'Free some space'],
    ['a port in use', 'LOG:  could not bind IPv4 address "127.0.0.1": Address already in use\nFATAL:  could not create any TCP/IP sockets', 'CONFIG_INVALID', 'another port'],
    ['another server', 'FATAL:  lock file "postmaster.pid" already exists', 'CONFIG_INVALID', 'Stop the other Postgres'],
    ['a directory of somebody else', 'initdb: error: could not access directory "/data/pg": Permission denied', 'CONFIG_INVALID', 'may enter and write'],
    ['anything else', 'FATAL:  the moon is full', 'STORE_UNAVAILABLE', 'DATABASE_URL'],
    ['nothing', '', 'STORE_UNAVAILABLE', 'DATABASE_URL'],
  ])('becomes an error with its fix: %s', (_what, output, code, fix) => {
    const error = embeddedError(output, context);
    expect(error.code).toBe(code);
    expect(error.fix).toContain(fix);
  });

  it('names the user that the server runs as when a right is missing', () => {
    expect(embeddedError('Permission denied', context).why).toContain('it runs as the user postgres');
  });
});
