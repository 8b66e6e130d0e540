// Installs the locked dependencies when they are missing or older than the lockfile. Runs on the system's Node (20 or
// newer) with nothing installed yet, so it uses Node's own modules alone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'node_modules', '.meshfleet-lock');
const locked = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
const current = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';

if (current !== locked) {
  console.log('Installing dependencies (once, about a minute)…');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) {
    console.error('npm ci failed. Check the network and the free space on the disk, then run the command again.');
    process.exit(result.status ?? 1);
  }
  writeFileSync(stamp, locked);
}

// The Prisma client is made from prisma/schema.prisma, offline and in a moment; it is not checked in.
const client = spawnSync(process.execPath, [join(root, 'prisma', 'generate.mjs')], { cwd: root, stdio: 'inherit' });
if (client.status !== 0) process.exit(client.status ?? 1);
