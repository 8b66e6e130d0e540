import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { JsonObject } from '@meshfleet/model';
import type { InventoryDelta } from '@meshfleet/protocol';
import type { InventorySource } from '../report/reporter.ts';

/** What the cluster holds, as summaries, and what the hub has yet to hear of it. */
export interface Inventory extends InventorySource {
  set(key: string, body: JsonObject): void;
  remove(key: string): void;
  /** Before this nothing is sent: a half-read cluster must not look like a shrunken one. */
  ready(): void;
  readonly size: number;
}

// Long texts are kept deflated. Most are short, and for those a buffer and a run of zlib cost more than they spare.
const DEFLATE_FROM = 4_096;
const BYTES_PER_REPORT = 1 << 20;
type Kept = string | Buffer;
const pack = (text: string): Kept => (text.length < DEFLATE_FROM ? text : deflateRawSync(text, { level: 1 }));
const unpack = (kept: Kept): string => (typeof kept === 'string' ? kept : inflateRawSync(kept).toString('utf8'));
const same = (a: Kept, b: Kept): boolean => (typeof a === 'string' || typeof b === 'string' ? a === b : a.equals(b));

/** How soon to look again whether watches have shown what was applied. */
const LOOK_AGAIN_MS = 100;

export interface InventoryOptions {
  now(): number;
  onNews(): void;
  /** Whether watches have yet to show something that we applied: till then the inventory shows no revision. */
  isBehind(): boolean;
}

export function createInventory(options: InventoryOptions): Inventory {
  const held = new Map<string, Kept>();
  const pending = new Set<string>();
  let isReady = false;
  let full = true;
  // Numbers rise over restarts because time does; base 0 starts anew whatever the hub had.
  let seq = Math.floor(options.now());
  let sentSeq = 0;
  /** The newest revision of which the hub has yet to hear what came of it. */
  let owed: number | undefined;

  let looking: NodeJS.Timeout | undefined;
  const sayWhenCaughtUp = () => {
    clearTimeout(looking);
    if (owed === undefined) return;
    if (options.isBehind()) looking = setTimeout(sayWhenCaughtUp, LOOK_AGAIN_MS).unref();
    else options.onNews();
  };
  const mark = (key: string) => {
    pending.add(key);
    if (isReady) options.onNews();
  };

  return {
    get size() {
      return held.size;
    },
    get dirty() {
      return isReady && (full || pending.size > 0 || (owed !== undefined && !options.isBehind()));
    },
    set(key, body) {
      const kept = pack(JSON.stringify(body));
      const before = held.get(key);
      if (before !== undefined && same(before, kept)) return;
      held.set(key, kept);
      mark(key);
    },
    remove(key) {
      if (held.delete(key)) mark(key);
    },
    ready() {
      if (isReady) return;
      isReady = true;
      options.onNews();
    },
    take(limit) {
      const shown = owed !== undefined && !options.isBehind() ? owed : undefined;
      if (!isReady || (!full && pending.size === 0 && shown === undefined)) return undefined;
      if (full) for (const key of held.keys()) pending.add(key);
      const upsert: InventoryDelta['upsert'] = [];
      const remove: string[] = [];
      let bytes = 0;
      for (const key of pending) {
        if (upsert.length + remove.length >= limit || bytes > BYTES_PER_REPORT) break;
        pending.delete(key);
        const kept = held.get(key);
        if (kept === undefined) {
          if (!full) remove.push(key);
          continue;
        }
        const text = unpack(kept);
        bytes += text.length;
        upsert.push({ key, body: JSON.parse(text) as InventoryDelta['upsert'][number]['body'] }); // written by set()
      }
      seq += 1;
      const delta = { seq, base: full ? 0 : sentSeq, upsert, remove, ...(shown === undefined || pending.size > 0 ? {} : { asOf: shown }) };
      full = false;
      return delta;
    },
    taken(delta) {
      if (delta.asOf !== undefined && delta.asOf === owed) owed = undefined;
      sentSeq = delta.seq;
    },
    giveBack(delta) {
      // It may have been taken although the answer was lost, so what follows cannot build on either number.
      full = full || delta.base === 0;
      for (const { key } of delta.upsert) pending.add(key);
      for (const key of delta.remove) pending.add(key);
    },
    resync() {
      full = true;
      options.onNews();
    },
    owe(revision) {
      owed = revision;
      sayWhenCaughtUp();
    },
  };
}
