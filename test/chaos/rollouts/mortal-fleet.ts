import { MeshfleetError } from '@meshfleet/model';
import { renameSync } from 'node:fs';
import { Client } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { clusterNamed } from '../../../apps/demo/src/fleet.ts';
import type { FleetOnPostgres } from '../../e2e/open-fleet.ts';
import { PATIENCE_MS } from './patience.ts';

export const CLUSTERS = ['frankfurt', 'virginia', 'dublin'] as const;
export type ClusterName = (typeof CLUSTERS)[number];
export const VICTIMS = ['api', 'reconciler', 'agent-frankfurt', 'agent-virginia', 'agent-dublin', 'postgres'] as const;
export type Victim = (typeof VICTIMS)[number];

/** Ends a process at once; its supervisor starts it again. */
export function kill(hub: FleetOnPostgres, victim: Victim): void {
  if (victim !== 'postgres') {
    hub.open.fleet.supervisor.process(victim)?.kill('SIGKILL');
    return;
  }
  try {
    hub.kill();
  } catch (error) {
    // Killed a moment ago, and not up again.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/**
 * Takes an agent away: it cannot start again until it is brought back, and was not heard of for long, so that nobody waits
 * the 90 s after which a cluster counts as away.
 */
export async function takeAway(hub: FleetOnPostgres, name: ClusterName): Promise<void> {
  const { agentKubeconfigFile, uid } = clusterNamed(hub.open.fleet, name);
  renameSync(agentKubeconfigFile, `${agentKubeconfigFile}.away`);
  await persist(`${name} is away`, async () => {
    // One that was just starting has read its kubeconfig already, and was nobody's process when the first blow fell.
    kill(hub, `agent-${name}`);
    await withDatabase(hub, (admin) => admin.query(`update cluster set last_seen_at = now() - interval '10 minutes' where uid = $1`, [uid]));
    const { cluster } = await hub.open.client.request<{ cluster: { status: string } }>('query ($name: String) { cluster(name: $name) { status } }', { name });
    return cluster.status === 'OFFLINE' || `it is ${cluster.status}`;
  });
}

export function bringBack(hub: FleetOnPostgres, name: ClusterName): void {
  const { agentKubeconfigFile } = clusterNamed(hub.open.fleet, name);
  renameSync(`${agentKubeconfigFile}.away`, agentKubeconfigFile);
}

/** A connection of its own for each piece of work: Postgres is one of those who die. */
export async function withDatabase<T>(hub: FleetOnPostgres, work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: hub.open.fleet.databaseUrl });
  // A connection that breaks fails whatever waits for it.
  admin.on('error', () => undefined);
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end().catch(() => undefined);
  }
}

/**
 * Waits for a condition through whatever dies meanwhile: no answer is "not yet".
 * @param holds true, or what is so instead
 * @throws MeshfleetError INTERNAL with what was so at last
 */
export async function persist(what: string, holds: () => Promise<true | string>, timeoutMs = PATIENCE_MS): Promise<void> {
  const began = performance.now();
  for (;;) {
    const asked = performance.now() - began;
    const found = await holds().catch((error: unknown) => `no answer: ${error instanceof Error ? error.message : String(error)}`);
    if (found === true) return;
    const now = performance.now() - began;
    if (now > timeoutMs) throw new MeshfleetError({ code: 'INTERNAL', summary: `Waited ${seconds(now)}, but not: ${what}. Asked after ${seconds(asked)}: ${found}` });
    await sleep(40);
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
