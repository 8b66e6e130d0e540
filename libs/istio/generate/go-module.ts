import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';

/** Downloads a Go module through Go's own client, which verifies its checksum, and answers the folder of its files. */
export function downloadModule(path: string, version: string): string {
  const result = spawnSync('go', ['mod', 'download', '-json', `${path}@${version}`], {
    cwd: tmpdir(),
    encoding: 'utf8',
    env: { ...process.env, GOFLAGS: '-mod=mod', GO111MODULE: 'on' },
  });
  if (result.error !== undefined) unavailable(`Go is not installed (${result.error.message}); it is needed to fetch ${path}@${version}.`);
  const answer = parse(result.stdout);
  if (answer.Dir === undefined) unavailable(`Could not fetch ${path}@${version}: ${answer.Error ?? result.stderr.trim()}`);
  return answer.Dir;
}

function parse(text: string): { Dir?: string; Error?: string } {
  try {
    return JSON.parse(text) as { Dir?: string; Error?: string };
  } catch {
    return {};
  }
}

function unavailable(why: string): never {
  process.stderr.write(`${why}\nThe generated files were neither made nor checked.\n`);
  process.exit(2);
}
