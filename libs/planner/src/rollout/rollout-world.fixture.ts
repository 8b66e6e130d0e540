import { advanceRollout } from './advance.ts';
import type { RolloutStep } from './advance.ts';
import { commandRollout } from './command-rollout.ts';
import type { RolloutCommand } from './command-rollout.ts';
import { planWaves } from './plan-waves.ts';
import { beginRollout, isTouched } from './state.ts';
import type { ClusterObservation, FreezeObservation, RolloutDefinition, RolloutObservation, RolloutState, WebhookAnswer } from './state.ts';
import { strategySchema } from './strategy.ts';

export interface WorldCluster {
  readonly held: string;
  holds: string;
  status: ClusterObservation['status'];
  lastSeenAt: number;
  away: boolean;
  gone: boolean;
  unhealthy: string | null;
  newErrors: string[];
  inventoried: boolean;
}

/** Monday, 23 November 2026, noon. */
export const NOON = Date.UTC(2026, 10, 23, 12);
const TARGET = 'target';

/** A fleet that does what a rollout's actions say, and nothing else: what a store and agents make of them. */
export class World {
  readonly definition: RolloutDefinition;
  readonly clusters: Map<string, WorldCluster>;
  state: RolloutState;
  now = NOON;
  blockedBy: string | null = null;
  freezes: FreezeObservation[] = [];
  webhook: WebhookAnswer | undefined;
  readonly calls: { wave: number; attempt: number }[] = [];
  established = false;
  released = false;

  constructor(strategy: object, names: readonly string[], labels: (name: string) => Record<string, string> = () => ({}), mixed = false) {
    this.definition = { strategy: strategySchema.parse(strategy), title: 'p to version 2', createdBy: 'user:author', mixed };
    this.clusters = new Map(names.map((name) => [name, { held: `held-${name}`, holds: `held-${name}`, status: 'APPLIED', lastSeenAt: NOON, away: false, gone: false, unhealthy: null, newErrors: [], inventoried: true }]));
    this.state = beginRollout(planWaves(this.definition.strategy, names.map((name) => ({ id: name, name, labels: labels(name), online: true }))));
  }

  observe(): RolloutObservation {
    const clusters = new Map<string, ClusterObservation>();
    for (const [id, cluster] of this.clusters) {
      if (cluster.gone) continue;
      const { status, lastSeenAt, unhealthy, newErrors, inventoried } = cluster;
      clusters.set(id, { holds: cluster.holds === TARGET ? 'TARGET' : 'HELD', status, lastSeenAt, failure: status === 'FAILED' ? 'refused' : null, unhealthy, newErrors, inventoried });
    }
    return { now: this.now, blockedBy: this.blockedBy, clusters, freezes: this.freezes, ...(this.webhook === undefined ? {} : { webhook: this.webhook }) };
  }

  /** As often as it asks for. */
  step(): RolloutStep {
    const first = this.#stepOnce();
    if (!first.again) return first;
    const next = this.step();
    return { ...next, actions: [...first.actions, ...next.actions], events: [...first.events, ...next.events] };
  }

  #stepOnce(): RolloutStep {
    const step = advanceRollout(this.definition, this.state, this.observe());
    for (const action of step.actions) {
      switch (action.type) {
        case 'TELL':
          for (const id of action.clusterIds) this.#give(id, TARGET);
          break;
        case 'RESTORE':
          for (const { id, phase } of this.state.clusters) if (isTouched(phase)) this.#give(id, this.clusters.get(id)?.held ?? '');
          break;
        case 'CALL_WEBHOOK':
          this.calls.push(action);
          break;
        case 'ESTABLISH':
          this.established = true;
          break;
        case 'RELEASE':
          this.released = true;
          break;
        default:
          action satisfies never;
      }
    }
    this.state = step.state;
    return step;
  }

  /** The agents that are there have done what they were told. */
  settle(status: ClusterObservation['status'] = 'APPLIED', names: readonly string[] = [...this.clusters.keys()]): void {
    for (const name of names) {
      const cluster = this.clusters.get(name);
      if (cluster === undefined || cluster.away || cluster.status !== 'PENDING') continue;
      cluster.status = status;
    }
  }

  /** Time goes by; who is there is heard of. */
  pass(seconds: number): void {
    this.now += seconds * 1000;
    for (const cluster of this.clusters.values()) if (!cluster.away) cluster.lastSeenAt = this.now;
  }

  command(command: RolloutCommand, by = 'user:other'): void {
    this.state = commandRollout(this.definition, this.state, command, { by, at: this.now, holds: () => true }).state;
  }

  holding(version: string): string[] {
    return [...this.clusters].filter(([, { holds }]) => holds === version).map(([name]) => name);
  }

  get told(): string[] {
    return this.holding(TARGET);
  }

  #give(id: string, version: string): void {
    const cluster = this.clusters.get(id);
    if (cluster === undefined || cluster.gone) return;
    cluster.holds = version;
    cluster.status = 'PENDING';
  }
}
