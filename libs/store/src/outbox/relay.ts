import type pg from 'pg';
import { createRolePool } from '../connection/pool.ts';
import { toStoreError } from '../connection/store-error.ts';
import { statement } from '../connection/statement.ts';
import type { OutboxTopic } from './enqueue.ts';

export interface OutboxRow {
  readonly id: number;
  readonly organizationId: string;
  readonly topic: OutboxTopic;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
}

/** Rows that this process alone holds until it says what became of them. Dying gives them back. */
export interface OutboxClaim {
  readonly rows: readonly OutboxRow[];
  /** The rows were handed on: deletes them. */
  done(): Promise<void>;
  /** They were not: another claim gets them. */
  abandon(): Promise<void>;
}

/** What crosses organizations: the outbox and the ids of organizations, and nothing else (role meshfleet_relay). */
export interface Relay {
  /** The oldest rows that nobody else holds, at most `limit`. Call done() or abandon() on every claim, empty ones too. */
  claimOutbox(limit: number): Promise<OutboxClaim>;
  organizationIds(): Promise<string[]>;
}

const CLAIM = `select id, organization_id as "organizationId", topic, payload, created_at as "createdAt"
  from outbox order by id limit $1 for update skip locked`;

/** Opens the relay's own two connections, under its own role. Errors name the server, never the password. */
export function createRelay(databaseUrl: string, applicationName: string): Relay & { close(): Promise<void> } {
  const pool = createRolePool({ databaseUrl, role: 'meshfleet_relay', size: 2, applicationName: `${applicationName}-relay` });

  async function end(client: pg.PoolClient, work: () => Promise<unknown>): Promise<void> {
    let broken = true;
    try {
      await work();
      broken = false;
    } catch (error) {
      throw toStoreError(error, pool.label);
    } finally {
      client.release(broken);
    }
  }

  return {
    async claimOutbox(limit) {
      const client = await pool.connect();
      try {
        client.query('begin').catch(() => undefined);
        const { rows } = await client.query<OutboxRow>(statement(CLAIM, [limit]));
        return {
          rows,
          done: () =>
            end(client, async () => {
              const deleted = client.query(statement('delete from outbox where id = any($1::bigint[])', [rows.map((row) => row.id)]));
              deleted.catch(() => undefined);
              await client.query('commit');
              await deleted;
            }),
          abandon: () => end(client, () => client.query('rollback')),
        };
      } catch (error) {
        client.release(true);
        throw toStoreError(error, pool.label);
      }
    },
    async organizationIds() {
      const client = await pool.connect();
      let ids: string[] = [];
      await end(client, async () => {
        const { rows } = await client.query<{ id: string }>('select id from organization order by id');
        ids = rows.map((row) => row.id);
      });
      return ids;
    },
    close: () => pool.end(),
  };
}
