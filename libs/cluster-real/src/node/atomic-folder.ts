import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync, chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';

const DATA = '..data';

/**
 * Writes files as a kubelet's AtomicWriter does: into a folder of their own, which a link then points to by one rename. Who
 * watches the folder sees the old files or the new ones, never a mixture.
 */
export function swapFiles(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  // Not join(): it would take the two dots for the parent.
  const fresh = mkdtempSync(`${folder}/..`);
  chmodSync(fresh, 0o755);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(fresh, path)), { recursive: true });
    writeFileSync(join(fresh, path), text, { mode: 0o644 });
  }
  const old = linkTarget(join(folder, DATA));
  const link = join(folder, '..data_tmp');
  symlinkSync(fresh.slice(folder.length + 1), link);
  renameSync(link, join(folder, DATA));
  const wanted = new Set(Object.keys(files).map((path) => path.split('/')[0] ?? path));
  const present = readdirSync(folder).filter((name) => !name.startsWith('..'));
  for (const name of wanted) if (!present.includes(name)) symlinkSync(join(DATA, name), join(folder, name));
  for (const name of present) if (!wanted.has(name)) unlinkSync(join(folder, name));
  if (old !== undefined) rmSync(join(folder, old), { recursive: true, force: true });
}

function linkTarget(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}
