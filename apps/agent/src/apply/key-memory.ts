import { isNewer } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import type { DesiredEntry, OrganizationMode } from '@meshfleet/protocol';
import { sameEntry } from '@meshfleet/protocol';
import type { HeldState } from '../state/held-state.ts';
import { contentOf } from '../state/held-state.ts';
import type { Knowledge } from './apply-entry.ts';
import type { Outcome } from './outcome.ts';
import type { Origin } from './ownership.ts';

const CONTEST_WINDOW_MS = 600_000;
const CONTEST_COUNT = 5;

interface Remembered {
  /** Content that is known to have been applied, and for which policy. */
  appliedHash?: string | undefined;
  appliedFor?: string | undefined;
  /** Entry and mode of the last success: nothing is to be done for the same again. */
  settledAs?: string | undefined;
  unkept?: readonly string[] | undefined;
  origin?: { readonly uid: string; readonly origin: Origin } | undefined;
  resourceVersion?: string | undefined;
  /** Body of the content before this one, until this one is applied; or what of this one is applied. */
  previous?: { readonly held: HeldState; readonly entry: DesiredEntry } | { readonly body: KubeObject } | undefined;
  /** What was asked of it before what is asked now. */
  asked?: DesiredEntry | undefined;
  corrections: number[];
}

/** What of an object was applied last, for which policy, and the object that it was then. */
export interface AppliedContent {
  readonly hash: string;
  readonly policyId: string;
  readonly uid: string | undefined;
}

/** What this process knows of each object that is desired. All of it can be lost: then the next look at the object costs a request more. */
export interface KeyMemory {
  knowledge(entry: DesiredEntry): Knowledge;
  record(entry: DesiredEntry, outcome: Outcome, mode: OrganizationMode): void;
  /** An earlier process carried this entry out. */
  assumeApplied(entry: DesiredEntry): void;
  /** This entry comes after what `before` held under its key. */
  expect(entry: DesiredEntry, before: HeldState, old: DesiredEntry | undefined): void;
  /** What was applied last of each object, at the version that the API server gave it. */
  writes(): Iterable<readonly [key: string, resourceVersion: string]>;
  lastApplied(key: string): AppliedContent | undefined;
  keepOnly(entries: ReadonlyMap<string, DesiredEntry>): void;
  isSettled(entry: DesiredEntry, mode: OrganizationMode): boolean;
  /** An event at this version only shows our own write, or what was before it. */
  isOwnWrite(entry: DesiredEntry, resourceVersion: string | undefined): boolean;
}

export function createKeyMemory(now: () => number): KeyMemory {
  const known = new Map<string, Remembered>();
  const of = (key: string): Remembered => {
    const found = known.get(key) ?? { corrections: [] };
    known.set(key, found);
    return found;
  };
  const correct = (remembered: Remembered): void => {
    remembered.corrections = [...remembered.corrections.filter((at) => at > now() - CONTEST_WINDOW_MS), now()];
  };
  return {
    knowledge(entry) {
      const remembered = of(entry.key);
      const recent = remembered.corrections.filter((at) => at > now() - CONTEST_WINDOW_MS);
      const appliedBefore = remembered.appliedHash === entry.hash && remembered.appliedFor === entry.policyId;
      return {
        appliedBefore,
        originOf: (uid) => (remembered.origin?.uid === uid ? remembered.origin?.origin : undefined),
        unkept: appliedBefore ? remembered.unkept : undefined,
        previous: remembered.previous === undefined ? undefined : 'body' in remembered.previous ? remembered.previous.body : contentOf(remembered.previous.held, remembered.previous.entry),
        asked: remembered.asked,
        contested: recent.length >= CONTEST_COUNT,
      };
    },
    record(entry, outcome, mode) {
      const remembered = of(entry.key);
      if (outcome.kind !== 'applied') {
        remembered.settledAs = undefined;
        if (outcome.kind === 'failed' && (outcome.rest !== undefined || outcome.gaveUp === true)) {
          // Whatever was applied before is not what is there now.
          remembered.appliedHash = remembered.appliedFor = undefined;
          remembered.asked = undefined;
          remembered.previous = outcome.rest === undefined ? undefined : { body: outcome.rest.object };
          if (outcome.rest?.tookBack === true) correct(remembered);
        }
        return;
      }
      remembered.settledAs = describe(entry, mode);
      if (mode === 'OBSERVE') return;
      remembered.appliedHash = entry.hash;
      remembered.appliedFor = entry.policyId;
      remembered.unkept = outcome.unkept;
      remembered.origin = outcome.origin === undefined || outcome.uid === undefined ? undefined : { uid: outcome.uid, origin: outcome.origin };
      remembered.resourceVersion = outcome.resourceVersion;
      remembered.previous = undefined;
      if (outcome.corrected !== undefined) correct(remembered);
    },
    assumeApplied(entry) {
      const remembered = of(entry.key);
      remembered.appliedHash = entry.hash;
      remembered.appliedFor = entry.policyId;
    },
    expect(entry, before, old) {
      const remembered = of(entry.key);
      if (old === undefined || !sameEntry(old, entry)) remembered.asked = old;
      if (remembered.appliedHash === undefined || remembered.appliedHash === entry.hash) return;
      if (old !== undefined && old.hash === remembered.appliedHash) remembered.previous = { held: before, entry: old };
    },
    *writes() {
      for (const [key, { settledAs, resourceVersion }] of known) if (settledAs !== undefined && resourceVersion !== undefined && resourceVersion !== '') yield [key, resourceVersion] as const;
    },
    lastApplied(key) {
      const { appliedHash: hash, appliedFor: policyId, origin } = known.get(key) ?? {};
      return hash === undefined || policyId === undefined ? undefined : { hash, policyId, uid: origin?.uid };
    },
    keepOnly(entries) {
      for (const key of known.keys()) if (!entries.has(key)) known.delete(key);
    },
    isSettled: (entry, mode) => known.get(entry.key)?.settledAs === describe(entry, mode),
    isOwnWrite(entry, resourceVersion) {
      const own = known.get(entry.key)?.resourceVersion;
      return own !== undefined && resourceVersion !== undefined && known.get(entry.key)?.settledAs !== undefined && !isNewer(resourceVersion, own);
    },
  };
}

const describe = (entry: DesiredEntry, mode: OrganizationMode): string => [entry.hash, entry.policyId, entry.drift, entry.conflicts, entry.mode ?? '', entry.takeOver ?? '', mode].join(' ');
