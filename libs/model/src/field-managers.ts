/** The agent's, of every field that a policy sets. */
export const FIELD_MANAGER = 'meshfleet';
/** Holds what an object that was given back cannot be without. */
export const LEFT_BEHIND_MANAGER = 'meshfleet-left-behind';
