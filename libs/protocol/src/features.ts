import type { DesiredEntry } from './desired-state.ts';

// What the two sides understand beyond the first version of the protocol.

/** METADATA: entries of that mode. TAKE_OVER: entries that name fields to take. */
export const ENTRY_FEATURES = ['METADATA', 'TAKE_OVER'] as const;
export type EntryFeature = (typeof ENTRY_FEATURES)[number];

/**
 * TASKS: the event `task`, and what it leads to. HAND_BACK: dry runs say what would be given back, by what an apply drops and by withdrawals.
 * INVENTORY_AS_OF: it says which revision its inventory shows.
 */
export const AGENT_FEATURES = [...ENTRY_FEATURES, 'TASKS', 'HAND_BACK', 'INVENTORY_AS_OF'] as const;

/** UNHEALTHY: conditions of that status. An older hub would refuse the whole report. */
export const HUB_ACCEPTS = ['UNHEALTHY'] as const;

/** What an agent must understand to be sent this entry. One that does not could not come to the state's digest, and would refuse all of it. */
export function featuresOf({ mode, takeOver }: Pick<DesiredEntry, 'mode' | 'takeOver'>): readonly EntryFeature[] {
  return [...(mode === undefined ? [] : (['METADATA'] as const)), ...(takeOver === undefined ? [] : (['TAKE_OVER'] as const))];
}
