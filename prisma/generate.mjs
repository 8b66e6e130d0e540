// Makes libs/store/src/prisma/generated from schema.prisma, unless what is there was made from this very schema by this
// version of Prisma. Needs neither network nor install scripts: Prisma insists on a schema engine, which generating does
// not use, so that any file will do.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const cli = join(root, 'node_modules', 'prisma');
const stamp = join(root, 'libs', 'store', 'src', 'prisma', 'generated', 'made-from');
const wanted = createHash('sha256')
  .update(readFileSync(join(here, 'schema.prisma')))
  .update(readFileSync(join(cli, 'package.json')))
  .digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  const pinned = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const node = existsSync(pinned) ? pinned : process.execPath;
  const result = spawnSync(node, [join(cli, 'build', 'index.js'), 'generate', '--config', join(here, 'prisma.config.ts')], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' },
  });
  if (result.status !== 0) {
    console.error(`${result.stdout}${result.stderr}\nThe Prisma client could not be generated from prisma/schema.prisma.`);
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}
