import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.ttf': 'font/ttf',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
};

/** The bundler lays the page's files beside main.js. */
const FOLDER = fileURLToPath(new URL('./graphiql/', import.meta.url));

/** A file of the explorer's page; undefined when there is none of that name. */
export async function readAsset(name: string): Promise<{ type: string; body: Buffer } | undefined> {
  const type = TYPES[extname(name)];
  if (type === undefined || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return undefined;
  try {
    return { type, body: await readFile(join(FOLDER, name)) };
  } catch {
    return undefined;
  }
}
