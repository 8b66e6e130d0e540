import type { Discovery, KubeClient } from '@meshfleet/kube';
import { AGENT_FEATURES } from '@meshfleet/protocol';
import type { Facts } from '@meshfleet/protocol';
import type { MeshFact } from './meshes.ts';
import type { NodeFacts } from './nodes.ts';
import { readNodes } from './nodes.ts';
import { servedKindNames } from './watched-kinds.ts';

export interface FactsOptions {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly agentVersion: string;
  meshes(): MeshFact[];
  onFacts(facts: Facts): void;
  onProblem(error: unknown): void;
}

/** Tells what kind of cluster this is, when it changes. */
export interface FactsCollector {
  /** Something that facts are made of changed. */
  changed(): void;
  stop(): void;
}

const SETTLE_MS = 1_000;
const REREAD_MS = 1_800_000;

export function collectFacts(options: FactsOptions): FactsCollector {
  let timer: NodeJS.Timeout | undefined;
  let slow: { readonly at: number; readonly version: string; readonly nodes: NodeFacts } | undefined;
  let said = '';
  let stopped = false;

  async function collect(): Promise<void> {
    try {
      // Version and nodes change rarely and are read rarely; meshes and kinds come from the watches.
      if (slow === undefined || Date.now() - slow.at >= REREAD_MS) {
        const [version, nodes] = await Promise.all([options.client.version(), readNodes(options.client)]);
        slow = { at: Date.now(), version, nodes };
      }
      const facts: Facts = { kubernetesVersion: slow.version, ...slow.nodes, meshes: options.meshes(), servedKinds: servedKindNames(options.discovery), agentVersion: options.agentVersion, features: [...AGENT_FEATURES] };
      const text = JSON.stringify(facts);
      if (text !== said && !stopped) {
        said = text;
        options.onFacts(facts);
      }
      schedule(REREAD_MS);
    } catch (error) {
      options.onProblem(error);
      schedule(30_000);
    }
  }
  const schedule = (ms: number) => {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(() => void collect(), ms);
    timer.unref();
  };
  return {
    changed: () => schedule(SETTLE_MS),
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
