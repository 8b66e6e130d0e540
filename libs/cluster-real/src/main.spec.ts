import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goBuildLimit } from './parts/machine.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const NOT_BUILT = 'etcd 3.6.5, Kubernetes v1.35.4, KWOK 0.7.0 not built';

let folder: string;
let cache: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshfleet-cannot-'));
  cache = join(folder, 'cache');
});
afterEach(() => {
  // Go writes its caches so that nobody may change them.
  spawnSync('chmod', ['-R', 'u+w', folder]);
  rmSync(folder, { recursive: true, force: true });
});

describe('real:build', { timeout: 60_000 }, () => {
  it('leaves out what needs Go or pip where there is neither, and says what will not run', async () => {
    const { code, out } = await run([process.execPath, MAIN, 'build'], { PATH: pathWith('setpriv') });
    expect(code).toBe(0);
    expect(out).toContain('Left out: Kubernetes v1.35.4, etcd 3.6.5, KWOK 0.7.0, Istio 1.29.1, Istio 1.28.2, Helm 3.22.0, because Go is not on this machine.');
    expect(out).toContain('Left out: Envoy 1.38.3, because python3 with pip is not on this machine.');
    expect(out).toMatch(new RegExp(`Real clusters will not run \\(.+\\): ${NOT_BUILT}`));
    expect(out).toContain('Real meshes will not run (npm run real -- up --istio, npm run proof): ');
  });

  it.skipIf(goBuildLimit() !== undefined)('fails with what cannot be downloaded, and does not try the rest in vain', async () => {
    // Nothing listens on port 9 (discard).
    const { code, out, err } = await run([process.execPath, MAIN, 'build'], { GOPROXY: 'off', GOMODCACHE: join(folder, 'modules'), PIP_INDEX_URL: 'http://127.0.0.1:9/', PIP_RETRIES: '0' });
    expect(code).toBe(1);
    expect(err).toContain('Not built: Kubernetes v1.35.4, because it cannot be downloaded (module lookup disabled by GOPROXY=off).');
    expect(err).toContain('Not built: etcd 3.6.5, KWOK 0.7.0, Istio 1.29.1, Istio 1.28.2, Helm 3.22.0, because Kubernetes v1.35.4 was not either, and it would be the same.');
    expect(out).toContain(NOT_BUILT);
    // No part is half there.
    expect(existsSync(cache) ? readdirSync(cache) : []).toEqual([]);
  });

  it.skipIf(goBuildLimit() !== undefined)('leaves out what there is no place for', async () => {
    const { code, out } = await run([process.execPath, MAIN, 'build'], { MESHFLEET_REAL_CACHE: '/proc/meshfleet' });
    expect(code).toBe(0);
    expect(out).toContain('Helm 3.22.0, because ');
    expect(out).toContain('/proc/meshfleet');
  });
});

describe('real up', { timeout: 60_000 }, () => {
  it('says at once that the parts are not built, and starts nothing', async () => {
    const { code, err } = await run([process.execPath, MAIN, 'up'], { TMPDIR: folder });
    expect(code).toBe(1);
    expect(err).toContain(`PRECONDITION_FAILED: Real clusters cannot run on this machine\n${NOT_BUILT}`);
    expect(readdirSync(folder).filter((name) => name.startsWith('mf-real'))).toEqual([]);
  });

  it('says that a mesh needs root', async () => {
    // Sees all files, for the working copy may lie where only root looks, but is not root.
    const stranger = ['--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
    const user = process.getuid?.() === 0 ? ['setpriv', ...stranger, '--'] : [];
    const { code, err } = await run([...user, process.execPath, MAIN, 'up', '--istio', '1.29'], {});
    expect(code).toBe(1);
    expect(err).toContain('PRECONDITION_FAILED: A real mesh cannot run on this machine\nnetwork namespaces need root');
  });

  it('knows only the versions of Istio that are pinned', async () => {
    const { code, err } = await run([process.execPath, MAIN, 'up', '--istio', '1.2'], {});
    expect(code).toBe(1);
    expect(err).toContain('INVALID_INPUT: Istio 1.2 is not pinned\nChoose one of 1.28, 1.29.');
  });
});

/** A PATH with nothing but these programs of the machine. */
function pathWith(...programs: readonly string[]): string {
  const bin = mkdtempSync(join(folder, 'bin-'));
  for (const program of programs) symlinkSync(spawnSync('which', [program], { encoding: 'utf8' }).stdout.trim(), join(bin, program));
  return bin;
}

async function run([program = '', ...args]: readonly string[], env: Record<string, string>): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(program, args, { env: { ...process.env, MESHFLEET_REAL_CACHE: cache, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), new Promise<number | null>((resolve) => child.on('exit', resolve))]);
  return { code, out, err };
}
