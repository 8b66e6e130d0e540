/** Machines of CI stall for seconds at a time, and a season gets no second try. */
const OTHERWISE = process.env['CI'] === undefined ? 30 : 90;

/** What a wait may take on a machine that does little else; more by MESHFLEET_CHAOS_PATIENCE_SECONDS. All other times of a season follow it. */
export const PATIENCE_MS = Number(process.env['MESHFLEET_CHAOS_PATIENCE_SECONDS'] ?? OTHERWISE) * 1000;
