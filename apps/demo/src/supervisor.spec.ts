import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { waitUntilReady } from './supervisor.ts';

const dir = mkdtempSync(join(tmpdir(), 'meshfleet-supervisor-'));
afterAll(() => {
  rmSync(dir, { recursive: true });
});

const child = (log: string, restarts = 0) => {
  const logFile = join(dir, 'api.log');
  writeFileSync(logFile, log);
  return { name: 'api', logFile, restarts: () => restarts };
};
const refused = (): Promise<string> => Promise.resolve('http://127.0.0.1:1/readyz does not answer (connect ECONNREFUSED 127.0.0.1:1)');

describe('a process that does not become ready', () => {
  it('is told with what its probe said last, when it has logged nothing', async () => {
    await expect(waitUntilReady(child(''), refused, 0)).rejects.toMatchObject({ summary: 'api did not become ready', why: expect.stringMatching(/^after 0 s .*ECONNREFUSED.*its log is empty$/) as string });
  });

  it('is told with the end of its log', async () => {
    await expect(waitUntilReady(child('one\ntwo\nthree\nfour\nfive\nsix\n'), refused, 0)).rejects.toMatchObject({ why: expect.stringMatching(/its log ends\ntwo\nthree\nfour\nfive\nsix$/) as string });
  });

  it('is not waited for when it keeps dying', async () => {
    await expect(waitUntilReady(child('no such file\n', 3), refused, 60_000)).rejects.toMatchObject({ why: 'it ended 3 times; its log ends\nno such file', fix: expect.stringContaining('api.log') as string });
  });
});

it('waits no longer than something is in the way', async () => {
  const answers = [await refused(), undefined];
  await expect(waitUntilReady(child(''), () => Promise.resolve(answers.shift()), 60_000)).resolves.toBeUndefined();
});
