import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { KubeClient } from '@meshfleet/kube';
import * as z from 'zod';
import { lostRace, secretFile } from '../identity/secret-file.ts';
import type { FormerValues } from './hand-back.ts';

export const FORMER_SECRET = 'meshfleet-agent-former';

/** Largest record of one object, as JSON. */
const LARGEST_RECORD = 64 * 1024;
const LARGEST_SECRET = 700 * 1024; // a Secret takes 1 MiB, and base64 adds a third

/** Beyond so much in all, as JSON, nothing but values of others is kept: there must be room for these. */
const ROOM_FOR_OURS = 1024 * 1024;

const recordSchema = z.object({ uid: z.string(), fields: z.record(z.string(), z.unknown()), values: z.record(z.string(), z.unknown()), over: z.string().optional(), theirs: z.record(z.string(), z.unknown()).optional(), holders: z.array(z.string()).optional() });
const storedSchema = z.object({
  version: z.literal(1),
  records: z.record(z.string(), recordSchema.extend({ beneath: z.object({ under: z.string(), own: z.record(z.string(), z.unknown()).optional(), record: recordSchema.optional() }).optional() })),
});

/** What stood in fields that we took of others, over restarts: gzipped in one Secret of the agent's namespace. Nearly always empty. */
export interface FormerStore {
  load(): Promise<void>;
  of(key: string): FormerValues | undefined;
  /** Resolves once it is stored; false when there is no room for it, and the values will not be given back. How the object stood beneath a version is kept where there is room for that too. */
  remember(key: string, former: FormerValues): Promise<boolean>;
  forget(key: string): Promise<void>;
  readonly size: number;
}

const compress = promisify(gzip);
const decompress = promisify(gunzip);

export function createFormerStore(client: KubeClient, namespace: string, onProblem: (error: unknown) => void): FormerStore {
  const file = secretFile(client, namespace, FORMER_SECRET);
  let records = new Map<string, string>();
  let writing: Promise<boolean> | undefined;
  let waiting: Promise<boolean> | undefined;

  /** Many changes at a time are one write. */
  function save(): Promise<boolean> {
    if (writing === undefined) {
      writing = write().finally(() => {
        writing = undefined;
      });
      return writing;
    }
    waiting ??= writing.catch(() => false).then(() => {
      waiting = undefined;
      return save();
    });
    return waiting;
  }

  async function write(): Promise<boolean> {
    const text = `{"version":1,"records":{${[...records].map(([key, record]) => `${JSON.stringify(key)}:${record}`).join(',')}}}`;
    const packed = await compress(text, { level: 6 });
    if (packed.length > LARGEST_SECRET) return false;
    await file.write(packed).catch(async (error: unknown) => {
      if (!lostRace(error)) throw error;
      await file.read();
      await file.write(packed);
    });
    return true;
  }

  async function keep(key: string, former: FormerValues): Promise<boolean> {
    const record = JSON.stringify(former);
    const before = records.get(key);
    if (record === before) return true;
    if (Buffer.byteLength(record) > LARGEST_RECORD) return false;
    if (former.beneath !== undefined && records.values().reduce((sum, { length }) => sum + length, record.length) > ROOM_FOR_OURS) return false;
    const undo = (): void => {
      if (before === undefined) records.delete(key);
      else records.set(key, before);
    };
    records.set(key, record);
    const stored = await save().catch((error: unknown) => {
      undo();
      throw error;
    });
    if (!stored) undo();
    return stored;
  }

  return {
    get size() {
      return records.size;
    },
    async load() {
      const content = await file.read();
      records = new Map();
      if (content === undefined) return;
      try {
        const { records: stored } = storedSchema.parse(JSON.parse((await decompress(content)).toString('utf8')));
        for (const [key, record] of Object.entries(stored)) records.set(key, JSON.stringify(record));
      } catch (error) {
        onProblem(error);
      }
    },
    of(key) {
      const record = records.get(key);
      return record === undefined ? undefined : (JSON.parse(record) as FormerValues); // written below, or checked when it was loaded
    },
    async remember(key, former) {
      if (await keep(key, former)) return true;
      const { beneath, ...values } = former;
      return beneath !== undefined && keep(key, values);
    },
    async forget(key) {
      if (records.delete(key)) await save();
    },
  };
}
