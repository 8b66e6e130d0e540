import { renameSync } from 'node:fs';
import pg from 'pg';
import { clusterNamed } from '../../apps/demo/src/fleet.ts';
import { until } from '../../apps/demo/src/seed.ts';
import type { OpenFleet } from './open-fleet.ts';

/** Kills a cluster's agent, which cannot start again until the returned function is called; and it was not heard of for long. */
export async function keepAway({ fleet, client }: OpenFleet, name: string): Promise<() => void> {
  const { agentKubeconfigFile } = clusterNamed(fleet, name);
  renameSync(agentKubeconfigFile, `${agentKubeconfigFile}.away`);
  fleet.supervisor.process(`agent-${name}`)?.kill('SIGKILL');
  const database = new pg.Client({ connectionString: fleet.databaseUrl });
  await database.connect();
  // A cluster is away after 90 s of silence: nobody waits for that here. Its stream may have ended just now.
  await until(`${name} is away`, 30_000, async () => {
    await database.query(`update cluster set last_seen_at = now() - interval '10 minutes' where name = $1`, [name]);
    const { cluster } = await client.request<{ cluster: { status: string } }>('query ($name: String) { cluster(name: $name) { status } }', { name });
    return cluster.status === 'OFFLINE';
  });
  await database.end();
  return () => {
    renameSync(`${agentKubeconfigFile}.away`, agentKubeconfigFile);
  };
}
