// What the two sides understand beyond the first version of the protocol.

/**
 * METADATA: entries of that mode. TAKE_OVER: entries that name fields to take. TASKS: the event `task`, and what it leads to. HAND_BACK: dry runs say
 * what would be given back, by what an apply drops and by withdrawals. INVENTORY_AS_OF: it says which revision its inventory shows.
 */
export const AGENT_FEATURES = ['METADATA', 'TAKE_OVER', 'TASKS', 'HAND_BACK', 'INVENTORY_AS_OF'] as const;

/** UNHEALTHY: conditions of that status. An older hub would refuse the whole report. */
export const HUB_ACCEPTS = ['UNHEALTHY'] as const;
