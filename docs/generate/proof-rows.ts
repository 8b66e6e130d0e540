import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/** One measurement of `npm run proof -- policy pushed-presets`: what a preset did to real traffic. */
const proofRows = z.array(z.strictObject({ preset: z.string(), istiod: z.string(), sent: z.string(), expected: z.string(), seen: z.string() }));
export type ProofRow = z.output<typeof proofRows>[number];

const unproved = z.array(z.strictObject({ reason: z.string(), presets: z.array(z.string()).min(1) }));

/** Why real traffic shows nothing of a preset, by its name. */
export function readUnproved(path: string): ReadonlyMap<string, string> {
  return new Map(unproved.parse(JSON.parse(readFileSync(path, 'utf8'))).flatMap(({ reason, presets }) => presets.map((name) => [name, reason] as const)));
}

/** The measurements that are checked in, in the order in which they were made; none, as long as there is no file. */
export function readProofRows(path: string): readonly ProofRow[] {
  return existsSync(path) ? proofRows.parse(JSON.parse(readFileSync(path, 'utf8'))) : [];
}
