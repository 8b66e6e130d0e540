import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { MeshfleetError } from '@meshfleet/model';
import { createRolePool } from './pool.ts';
import { toStoreError } from './store-error.ts';

const coded = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });

describe('an error of the database', () => {
  it.each([
    ['a full disk', coded('53100'), 'STORE_UNAVAILABLE', 'Free space'],
    ['no connection left', coded('53300'), 'STORE_UNAVAILABLE', 'pool size'],
    ['a server that shuts down', coded('57P01'), 'STORE_UNAVAILABLE', 'try again'],
    ['a server that starts', coded('57P03'), 'STORE_UNAVAILABLE', 'try again'],
    ['a wrong password', coded('28P01'), 'CONFIG_INVALID', 'password'],
    ['a missing database', coded('3D000'), 'CONFIG_INVALID', 'Create it'],
    ['a closed port', coded('ECONNREFUSED'), 'STORE_UNAVAILABLE', 'host and port'],
    ['closed ports of all addresses', new AggregateError([coded('ECONNREFUSED')]), 'STORE_UNAVAILABLE', 'host and port'],
    ['a connection that ends', new Error('Connection terminated unexpectedly'), 'STORE_UNAVAILABLE', 'host and port'],
    ['a pool that is used up', new Error('timeout exceeded when trying to connect'), 'STORE_UNAVAILABLE', 'host and port'],
  ])('is told with its fix: %s', (_what, error, code, fix) => {
    const told = toStoreError(error, 'db:5432/x');
    expect(told).toBeInstanceOf(MeshfleetError);
    expect(told).toMatchObject({ code, fix: expect.stringContaining(fix) as string, cause: error });
  });

  it.each([coded('23505'), coded('42601'), new TypeError('mistake'), new MeshfleetError({ code: 'CONFLICT', summary: 'x' })])(
    'is left alone when its meaning is the caller\'s: %s',
    (error) => {
      expect(toStoreError(error, 'db')).toBe(error);
    },
  );

  it('does not hang on a server that takes connections and says nothing', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const pool = createRolePool({ databaseUrl: `postgresql://u:p@127.0.0.1:${port}/d`, role: 'meshfleet_app', size: 1, applicationName: 'x', connectTimeoutMs: 200 });
    await expect(pool.connect()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await pool.end();
    silent.close();
  });
});
