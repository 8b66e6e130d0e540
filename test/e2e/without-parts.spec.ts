import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const LIMIT = 'not built; npm run real:build builds what it can';

it.each<[string, string[], number, string]>([
  ['conformance -- --clusters real', ['test/conformance/main.ts', '--clusters', 'real'], 2, `No real cluster runs here: etcd 3.6.5, Kubernetes v1.35.4, KWOK 0.7.0 ${LIMIT}.\n0 passed, 0 failed`],
  ['proof -- spine', ['test/proof/main.ts', 'spine'], 2, 'Nothing can be proved here.\nskipped: spine: Kubernetes v1.35.4, etcd 3.6.5, KWOK 0.7.0, '],
  ['demo -- --real', ['apps/demo/src/main.ts', '--check', '--real'], 1, 'PRECONDITION_FAILED: Real clusters cannot be built here (Kubernetes v1.35.4, etcd 3.6.5, KWOK 0.7.0)\n  why: '],
])('%s says at once what it lacks where the parts are not built and cannot be, and leaves nothing', async (_name, args, expected, words) => {
  const folder = mkdtempSync(join(tmpdir(), 'meshfleet-without-'));
  // Without a network, and with nothing fetched before.
  const env = { ...process.env, TMPDIR: folder, MESHFLEET_REAL_CACHE: join(folder, 'cache'), GOPROXY: 'off', GOMODCACHE: join(folder, 'modules') };
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [, err, code] = await Promise.all([text(child.stdout), text(child.stderr), new Promise<number | null>((resolve) => child.on('exit', resolve))]);
  expect(err).toContain(words);
  expect(code).toBe(expected);
  const ofOthers = new Set(['cache', 'modules', 'node-compile-cache']);
  expect(readdirSync(folder).filter((name) => !ofOthers.has(name))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
}, 60_000);
