import { startEmbeddedPostgres } from '@meshfleet/store';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeThrowAwayDir } from './data-dir.ts';

it('a throw-away folder holds all of its data, the database too, so that nothing is left when it is removed', async () => {
  const folder = makeThrowAwayDir('meshfleet-demo-spec-');
  const dataDir = join(folder, 'postgres');
  const postgres = await startEmbeddedPostgres({ dataDir, persistent: true });
  await postgres.stop();
  expect(postgres.dataDir).toBe(dataDir);
  expect(existsSync(join(dataDir, 'PG_VERSION'))).toBe(true);
  rmSync(folder, { recursive: true });
});
