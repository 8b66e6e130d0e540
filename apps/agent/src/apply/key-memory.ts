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

/** What would be known of an object if some content came next. */
export interface Foreseen extends Pick<Knowledge, 'previous' | 'contested'> {
  /** What of it was applied last, for which policy, and the object that it was then. */
  readonly applied: { readonly hash: string; readonly policyId: string; readonly uid: string | undefined } | undefined;
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
  /** As `expect` and then `knowledge` would have it, of content that may never come. */
  foresee(key: string, hash: string, before: HeldState, old: DesiredEntry | undefined): Foreseen;
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
  const recent = ({ corrections }: Remembered): number[] => corrections.filter((at) => at > now() - CONTEST_WINDOW_MS);
  const isContested = (remembered: Remembered): boolean => recent(remembered).length >= CONTEST_COUNT;
  const correct = (remembered: Remembered): void => {
    remembered.corrections = [...recent(remembered), now()];
  };
  return {
    knowledge(entry) {
      const remembered = of(entry.key);
      const appliedBefore = remembered.appliedHash === entry.hash && remembered.appliedFor === entry.policyId;
      return {
        appliedBefore,
        originOf: (uid) => (remembered.origin?.uid === uid ? remembered.origin?.origin : undefined),
        unkept: appliedBefore ? remembered.unkept : undefined,
        previous: bodyOf(remembered.previous),
        asked: remembered.asked,
        contested: isContested(remembered),
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
      remembered.previous = previousOf(remembered, entry.hash, before, old);
    },
    *writes() {
      for (const [key, { settledAs, resourceVersion }] of known) if (settledAs !== undefined && resourceVersion !== undefined && resourceVersion !== '') yield [key, resourceVersion] as const;
    },
    foresee(key, hash, before, old) {
      const remembered = known.get(key) ?? { corrections: [] };
      const { appliedHash, appliedFor, origin } = remembered;
      return {
        applied: appliedHash === undefined || appliedFor === undefined ? undefined : { hash: appliedHash, policyId: appliedFor, uid: origin?.uid },
        previous: bodyOf(previousOf(remembered, hash, before, old)),
        contested: isContested(remembered),
      };
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

/** What was before the content of this hash, which comes after what `before` held. */
function previousOf({ appliedHash, previous }: Remembered, hash: string, before: HeldState, old: DesiredEntry | undefined): Remembered['previous'] {
  return appliedHash !== undefined && appliedHash !== hash && old?.hash === appliedHash ? { held: before, entry: old } : previous;
}

const bodyOf = (previous: Remembered['previous']): KubeObject | undefined => (previous === undefined ? undefined : 'body' in previous ? previous.body : contentOf(previous.held, previous.entry));

const describe = (entry: DesiredEntry, mode: OrganizationMode): string => [entry.hash, entry.policyId, entry.drift, entry.conflicts, entry.mode ?? '', entry.takeOver ?? '', mode].join(' ');
