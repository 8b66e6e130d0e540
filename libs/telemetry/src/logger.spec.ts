import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createLogger } from './index.ts';
import type { Logger } from './index.ts';

function capture(level?: string): { log: Logger; lines: () => Record<string, unknown>[]; text: () => string } {
  const written: string[] = [];
  const log = createLogger('api', { destination: { write: (line) => written.push(line) }, ...(level === undefined ? {} : { level }) });
  return { log, text: () => written.join(''), lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('the logger', () => {
  it('writes one JSON line per event, with name, level and time', () => {
    const { log, lines } = capture();
    log.info({ clusterId: 'c-1' }, 'cluster enrolled');
    expect(lines()).toEqual([expect.objectContaining({ name: 'api', level: 'info', clusterId: 'c-1', msg: 'cluster enrolled' })]);
    expect(Date.parse(String(lines()[0]?.['time']))).not.toBeNaN();
  });

  it('writes no secret: not from fields, children, messages or errors', () => {
    const { log, text } = capture('trace');
    const secret = 'mfj_AAAAAAAAAAAAAAAAAAAAAA_verysecret';
    log.child({ joinToken: secret, note: secret }).warn({ headers: { authorization: secret } }, `used ${secret}`);
    log.error(new Error(`refused ${secret}`));
    log.error({ err: new Error(`refused ${secret}`, { cause: { token: secret } }) }, 'failed %s', secret);
    log.info(secret);
    expect(text()).not.toContain('verysecret');
    expect(text().trim().split('\n')).toHaveLength(4);
  });

  it('keeps message and stack of an error', () => {
    const { log, lines } = capture();
    log.error({ err: new TypeError('broken') }, 'request failed');
    expect(lines()[0]).toMatchObject({ msg: 'request failed', err: { type: 'TypeError', message: 'broken', stack: expect.stringContaining('logger.spec') as string } });
  });

  it('stops nobody where a full disk takes no line', () => {
    const program = `import { createLogger } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)}; const log = createLogger('api'); for (let n = 0; n < 3; n += 1) log.error({ n }, 'request failed'); console.log('went on');`;
    const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', openSync('/dev/full', 'w')], encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'went on\n' });
  });

  it('is quiet below its level, and takes info for a level that it does not know', () => {
    const warn = capture('warn');
    warn.log.info('no');
    expect(warn.lines()).toEqual([]);
    const odd = capture('loud');
    odd.log.debug('no');
    odd.log.info('yes');
    expect(odd.lines()).toHaveLength(1);
  });
});
