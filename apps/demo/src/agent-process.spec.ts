import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { agentProcess } from './agent-process.ts';

it('starts the agent as its image does', () => {
  const dockerfile = readFileSync(new URL('../../../deploy/agent/Dockerfile', import.meta.url), 'utf8');
  const { nodeOptions = [], script, env } = agentProcess('/root', 'agent', { PORT: '0' });
  expect(dockerfile).toContain(`ENTRYPOINT ${JSON.stringify(['node', ...nodeOptions, '/app/main.cjs']).replaceAll(',', ', ')}`);
  expect(dockerfile).toContain(`COPY ${script.slice('/root/'.length)} /app/main.cjs`);
  const { PORT: port, ...settings } = env;
  expect(port).toBe('0');
  expect(Object.keys(settings)).not.toEqual([]);
  for (const [variable, value] of Object.entries(settings)) expect(dockerfile).toContain(` ${variable}=${value}`);
});
