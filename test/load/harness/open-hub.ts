import { rmSync } from 'node:fs';
import { makeThrowAwayDir } from '../../../apps/demo/src/data-dir.ts';
import type { GraphqlClient } from '../../../apps/demo/src/graphql-client.ts';
import { startHub, type Hub, type HubOptions } from '../../../apps/demo/src/hub.ts';
import { createProgress } from '../../../apps/demo/src/progress.ts';
import { signIn } from '../../../apps/demo/src/seed.ts';
import { createCounters, enrolProtocolAgent, type AgentCounters, type ProtocolAgent } from './protocol-agent.ts';

export interface OpenHub {
  readonly hub: Hub;
  readonly client: GraphqlClient;
  readonly token: string;
  close(): Promise<void>;
}

/** The hub's production processes on throw-away data. */
export async function openHub(root: string, options: Pick<HubOptions, 'publicUrl' | 'databaseUrl'> = {}): Promise<OpenHub> {
  const dataDir = makeThrowAwayDir('meshfleet-bench-');
  const hub = await startHub({ port: 0, dataDir, reset: false, ...options }, root, createProgress(() => undefined));
  const { client, token } = await signIn(hub);
  return {
    hub,
    client,
    token,
    close: async () => {
      await hub.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export async function createJoinToken(client: GraphqlClient, uses: number, labels: Record<string, string>): Promise<string> {
  const { joinTokenCreate } = await client.request<{ joinTokenCreate: { secret: string; userErrors: unknown[] } }>(
    'mutation ($input: JoinTokenCreateInput!) { joinTokenCreate(input: $input) { secret userErrors { message } } }',
    { input: { name: 'bench', maxUses: uses, labels: Object.entries(labels).map(([key, value]) => ({ key, value })) } },
  );
  return joinTokenCreate.secret;
}

export interface AgentFleet {
  readonly agents: readonly ProtocolAgent[];
  readonly counters: AgentCounters;
  close(): void;
}

/** Enrols agents a few at a time and waits until every stream is open. */
export async function startAgents(
  open: OpenHub,
  count: number,
  onAcknowledged: (agent: number, revision: number, at: number) => void,
): Promise<AgentFleet> {
  const counters = createCounters();
  const agents: ProtocolAgent[] = [];
  const width = 16;
  const tokenUses = 1000;
  for (let first = 0; first < count; first += tokenUses) {
    const size = Math.min(tokenUses, count - first);
    const joinToken = await createJoinToken(open.client, size, { env: 'bench' });
    let next = first;
    const enrolSome = async (): Promise<void> => {
      for (let index = next++; index < first + size; index = next++) {
        const agent = await enrolProtocolAgent({
          url: open.hub.url,
          joinToken,
          name: `bench-${String(index).padStart(5, '0')}`,
          counters,
          onAcknowledged: (revision, at) => {
            onAcknowledged(index, revision, at);
          },
        });
        agents.push(agent);
        agent.listen();
      }
    };
    await Promise.all(Array.from({ length: width }, enrolSome));
  }
  while (!agents.every((agent) => agent.connected())) await new Promise((resolve) => setTimeout(resolve, 100));
  return {
    agents,
    counters,
    close: () => {
      for (const agent of agents) agent.close();
    },
  };
}
