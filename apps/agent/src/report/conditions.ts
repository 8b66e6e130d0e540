import type { ReportedCondition } from '@meshfleet/protocol';

type Known = ReportedCondition;

/** Conditions of objects: what stands, and what the hub has yet to hear of. Bounded by the number of objects, however long the hub is away. */
export interface Conditions {
  /** Says how an object is now. `APPLIED` and `DELETED` end what stood before, and are said only if there was something. */
  set(condition: ReportedCondition): void;
  /** Forgets a key that is listed no longer. */
  drop(key: string): void;
  /** The object is this policy's by now: what was yet to be said of it for another is of the past. */
  passTo(key: string, policyId: string): void;
  standing(key: string): ReportedCondition | undefined;
  readonly dirty: boolean;
  /** Everything that stands replaces what the hub has: once a process has gone through all that it holds. Before that it knows of nothing what stands. */
  markAll(): void;
  /** Takes what is to be said next. When it could not be said, give it back. */
  take(limit: number): Batch;
  giveBack(batch: Batch): void;
}

export interface Batch {
  readonly full: boolean;
  readonly items: readonly ReportedCondition[];
  readonly more: boolean;
}

const MESSAGE = 1_024;

export function createConditions(): Conditions {
  const standing = new Map<string, Known>();
  /** By key and policy: an object may be withdrawn for two of them, and the hub keeps what is said of it for each. */
  const pending = new Map<string, Map<string, Known>>();
  let full = false;
  const add = (condition: Known): void => {
    const ofKey = pending.get(condition.key);
    if (ofKey === undefined) pending.set(condition.key, new Map([[condition.policyId, condition]]));
    else ofKey.set(condition.policyId, condition);
  };
  const isPending = ({ key, policyId }: Known): boolean => pending.get(key)?.has(policyId) === true;
  return {
    set(condition) {
      const clean = bounded(condition);
      const ends = condition.status === 'APPLIED' || condition.status === 'DELETED';
      const before = standing.get(condition.key);
      if (ends) {
        if (before === undefined && !isPending(condition) && condition.status === 'APPLIED') return;
        standing.delete(condition.key);
      } else {
        if (before !== undefined && sameCondition(before, clean)) return;
        standing.set(condition.key, clean);
      }
      add(clean);
    },
    drop(key) {
      standing.delete(key);
      pending.delete(key);
    },
    passTo(key, policyId) {
      const ofKey = pending.get(key);
      if (ofKey === undefined) return;
      for (const of of ofKey.keys()) if (of !== policyId) ofKey.delete(of);
      if (ofKey.size === 0) pending.delete(key);
    },
    standing: (key) => standing.get(key),
    get dirty() {
      return full || pending.size > 0;
    },
    markAll() {
      full = true;
    },
    take(limit) {
      const wasFull = full;
      if (full) {
        pending.clear();
        for (const condition of standing.values()) add(condition);
        full = false;
      }
      const items: Known[] = [];
      for (const [key, ofKey] of pending) {
        for (const [policyId, condition] of ofKey) {
          if (items.length >= limit) break;
          items.push(condition);
          ofKey.delete(policyId);
        }
        if (ofKey.size > 0) break;
        pending.delete(key);
      }
      return { full: wasFull, items, more: pending.size > 0 };
    },
    giveBack(batch) {
      if (batch.full) full = true;
      // What was said since then is newer.
      for (const item of batch.items) if (!isPending(item)) add(item);
    },
  };
}

function sameCondition(a: Known, b: Known): boolean {
  // Each correction is news; what lasts is said once.
  return a.status !== 'CORRECTED' && a.status === b.status && a.policyId === b.policyId && a.reason === b.reason && a.message === b.message && a.manager === b.manager && (a.fields ?? []).join() === (b.fields ?? []).join();
}

/** Messages come from API servers and webhooks, of any length. */
function bounded(condition: ReportedCondition): Known {
  const { manager, fields, ...rest } = condition;
  return {
    ...rest,
    reason: condition.reason === '' ? 'Unknown' : condition.reason.slice(0, 128),
    message: condition.message.slice(0, MESSAGE),
    ...(manager === undefined ? {} : { manager: manager.slice(0, 256) }),
    ...(fields === undefined ? {} : { fields: fields.slice(0, 20).map((field) => field.slice(0, 512)) }),
  };
}
