import type { Discovery, KubeClient } from '@meshfleet/kube';
import { AGENT_FEATURES } from '@meshfleet/protocol';
import type { Facts } from '@meshfleet/protocol';
import type { KindSchemas } from './kind-schemas.ts';
import type { MeshFact } from './meshes.ts';
import type { NodeFacts } from './nodes.ts';
import { readNodes } from './nodes.ts';
import { servedKindNames } from './watched-kinds.ts';

export interface FactsOptions {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly agentVersion: string;
  readonly schemas: KindSchemas;
  meshes(): MeshFact[];
  onFacts(facts: Facts): void;
  onProblem(error: unknown): void;
}

/** Tells what kind of cluster this is, when it changes. */
export interface FactsCollector {
  /** Something that facts are made of changed. */
  changed(): void;
  /** The hub did not get all that it asked for: tell it again, later. */
  again(): void;
  stop(): void;
}

const SETTLE_MS = 1_000;
const REPEAT_MS = 60_000;
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
      const facts: Facts = { kubernetesVersion: slow.version, ...slow.nodes, meshes: options.meshes(), servedKinds: servedKindNames(options.discovery), ...(await schemaFacts()), agentVersion: options.agentVersion, features: [...AGENT_FEATURES] };
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
  /** What cannot be read is left out: the rest is worth telling without it. */
  async function schemaFacts(): Promise<Pick<Facts, 'kindSchemas'>> {
    try {
      return { kindSchemas: await options.schemas.digests() };
    } catch (error) {
      options.onProblem(error);
      return {};
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
    again() {
      said = '';
      schedule(REPEAT_MS);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
