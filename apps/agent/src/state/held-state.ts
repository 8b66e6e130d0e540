import { desiredStateSchema, EMPTY_STATE, formatCursor } from '@meshfleet/protocol';
import type { DesiredEntry, DesiredState, DesiredStateDelta, OrganizationMode } from '@meshfleet/protocol';
import type { KubeObject } from '@meshfleet/model';
import * as z from 'zod';

const heldSchema = z.object({
  epoch: z.number(),
  revision: z.number(),
  digest: z.string().optional(),
  issuedAt: z.string().optional(),
  mode: z.enum(['ENFORCE', 'OBSERVE']),
  approvedDeletions: z.number(),
  /** The hub's signature over this state: shown with the cursor, it proves where the hub once was. */
  signature: z.string().optional(),
  state: desiredStateSchema,
  /** Bodies by content hash, as JSON text: parsed one at a time, when one is applied. */
  contents: z.record(z.string(), z.string()),
});

/** The desired state that was accepted last, with everything that is needed to defend it while the hub is away. */
export interface HeldState {
  readonly epoch: number;
  readonly revision: number;
  readonly digest?: string | undefined;
  readonly issuedAt?: string | undefined;
  readonly mode: OrganizationMode;
  readonly approvedDeletions: number;
  readonly signature?: string | undefined;
  readonly state: DesiredState;
  readonly contents: { readonly [hash: string]: string };
}

export const NOTHING_HELD: HeldState = { epoch: 0, revision: 0, mode: 'ENFORCE', approvedDeletions: 0, state: EMPTY_STATE, contents: {} };

export const cursorOf = (held: HeldState): string => formatCursor(held.digest === undefined ? { epoch: held.epoch, revision: held.revision } : held);

/** The state after a delta that was accepted: bodies that nothing refers to any longer are let go. */
export function heldAfter(before: HeldState, state: DesiredState, delta: DesiredStateDelta, signature: string): HeldState {
  const arrived = new Map(delta.upsert.flatMap((entry) => (entry.object === undefined ? [] : [[entry.hash, JSON.stringify(entry.object)] as const])));
  const contents: Record<string, string> = {};
  for (const { hash } of state.entries) {
    const content = arrived.get(hash) ?? before.contents[hash];
    if (content !== undefined) contents[hash] = content;
  }
  const { epoch, revision, digest, issuedAt, mode, approvedDeletions } = delta;
  return { epoch, revision, digest, issuedAt, mode, approvedDeletions, signature, state, contents };
}

export function contentOf(held: HeldState, entry: DesiredEntry): KubeObject | undefined {
  const content = held.contents[entry.hash];
  return content === undefined ? undefined : (JSON.parse(content) as KubeObject); // checked against the schema and its hash when it was accepted
}

export const serializeHeld = (held: HeldState): string => JSON.stringify(held);

/** Undefined when the text is not a state that this version wrote. */
export function parseHeld(text: string): HeldState | undefined {
  try {
    const parsed = heldSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
