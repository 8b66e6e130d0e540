import type { KubeObject } from '@meshfleet/model';
import type { DesiredEntry, DesiredState } from '@meshfleet/protocol';
import { createTwoFilesPatch } from 'diff';
import { stringify } from 'yaml';

export interface ObjectDiff {
  readonly key: string;
  /** Unified diff of the YAML. */
  readonly diff: string;
}

export interface StateDiff {
  readonly added: readonly ObjectDiff[];
  readonly changed: readonly ObjectDiff[];
  readonly removed: readonly ObjectDiff[];
}

/** Hashes of the objects that differ between two states: what must be read to show how. */
export function changedHashes(from: DesiredState, to: DesiredState): string[] {
  const before = new Map(from.entries.map((entry) => [entry.key, entry.hash]));
  const after = new Map(to.entries.map((entry) => [entry.key, entry.hash]));
  const hashes = new Set<string>();
  for (const [key, hash] of before) if (after.get(key) !== hash) hashes.add(hash);
  for (const [key, hash] of after) if (before.get(key) !== hash) hashes.add(hash);
  return [...hashes];
}

/**
 * Keys of what differs between two states, each list sorted. Objects of somebody else's of which only labels and annotations are
 * set neither come nor go with them: they change.
 */
export function diffKeys(from: DesiredState, to: DesiredState): { added: string[]; changed: string[]; removed: string[] } {
  const before = new Map(from.entries.map((entry) => [entry.key, entry]));
  const after = new Map(to.entries.map((entry) => [entry.key, entry]));
  const comes = [...after.values()].filter(({ key }) => !before.has(key));
  const goes = [...before.values()].filter(({ key }) => !after.has(key));
  const differs = [...after.values()].filter(({ key, hash }) => before.has(key) && before.get(key)?.hash !== hash);
  const keys = (entries: readonly DesiredEntry[]): string[] => entries.map(({ key }) => key).sort();
  return {
    added: keys(comes.filter((entry) => !isLabelled(entry))),
    changed: keys([...differs, ...[...comes, ...goes].filter(isLabelled)]),
    removed: keys(goes.filter((entry) => !isLabelled(entry))),
  };
}

const isLabelled = ({ mode }: DesiredEntry): boolean => mode === 'METADATA';

/** What changed from one desired state to another, each object as a unified diff of its YAML. */
export function diffStates(from: DesiredState, to: DesiredState, contentOf: (hash: string) => KubeObject | undefined): StateDiff {
  const before = new Map(from.entries.map((entry) => [entry.key, entry]));
  const after = new Map(to.entries.map((entry) => [entry.key, entry]));
  const text = (entry: DesiredEntry | undefined, other: DesiredEntry | undefined): string => {
    const object = entry === undefined ? (other !== undefined && isLabelled(other) ? withoutMetadata(contentOf(other.hash)) : undefined) : contentOf(entry.hash);
    return object === undefined ? '' : yamlOf(object);
  };
  const show = (key: string): ObjectDiff => {
    const [was, is] = [before.get(key), after.get(key)];
    return { key, diff: unifiedDiff(key, text(was, is), text(is, was)) };
  };
  const { added, changed, removed } = diffKeys(from, to);
  return { added: added.map(show), changed: changed.map(show), removed: removed.map(show) };
}

/** What is there of it before and after, as far as a policy knows. */
function withoutMetadata(object: KubeObject | undefined): KubeObject | undefined {
  if (object === undefined) return undefined;
  const { name, namespace } = object.metadata;
  const metadata = { ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }) };
  return { apiVersion: object.apiVersion, kind: object.kind, metadata };
}

export function yamlOf(object: KubeObject): string {
  return stringify(object, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false });
}

/** Beyond this many edited lines the whole object is shown as replaced: the search for the shortest diff grows with their square. */
const MOST_EDITS = 2_000;

/** From one text to the other, as `diff -u` shows it; an empty text stands for an object that is not there. */
export function unifiedDiff(key: string, before: string, after: string): string {
  const from = before === '' ? '/dev/null' : `a/${key}`;
  const to = after === '' ? '/dev/null' : `b/${key}`;
  const patch = createTwoFilesPatch(from, to, before, after, undefined, undefined, { context: 3, maxEditLength: MOST_EDITS });
  if (patch !== undefined) return patch.replace(/^=+\n/, '');
  const lines = (sign: string, text: string): string => text.replace(/\n$/, '').replace(/^/gm, sign);
  return `--- ${from}\n+++ ${to}\n${lines('-', before)}\n${lines('+', after)}\n`;
}
