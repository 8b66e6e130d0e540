import { expect, it } from 'vitest';
import { startTestAgent, startTestCluster, until } from './testing/agent-fixture.ts';
import { startScriptedHub } from './testing/scripted-hub.ts';

/** A fault of the agent's own, in a place where it expects none. */
const FAULT = new Error('a fault that nobody foresaw');
const faulty = {
  get silenceMs(): number {
    throw FAULT;
  },
};

it('an agent that a fault of its own has stopped says so, and does not stay behind as one that acts', async () => {
  const [test, hub] = await Promise.all([startTestCluster(), startScriptedHub()]);
  const broken: unknown[] = [];
  const agent = await startTestAgent(test, hub, { listenTiming: faulty, onBroken: (error) => void broken.push(error) });
  try {
    await until(() => broken.length > 0);
    expect(broken).toEqual([FAULT]);
  } finally {
    await agent.stop();
    await hub.close();
    await test.close();
  }
});
