import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';

/** Writes the generated files; with `--check` among the arguments only says which are stale, and exits 1 if any is. */
export function settle(files: ReadonlyMap<string, string>, command: string): void {
  const stale = [...files].filter(([path, text]) => !existsSync(path) || readFileSync(path, 'utf8') !== text).map(([path]) => path);
  const name = (path: string): string => relative(process.cwd(), path);
  if (process.argv.includes('--check')) {
    if (stale.length === 0) return;
    process.stderr.write(`Stale: ${stale.map(name).join(', ')}\nRun: ${command}\n`);
    process.exit(1);
  }
  for (const [path, text] of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    process.stdout.write(`${name(path)} ${Math.round(text.length / 1024)} kB${stale.includes(path) ? '' : ' (unchanged)'}\n`);
  }
}
