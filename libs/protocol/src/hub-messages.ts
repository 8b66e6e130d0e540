import type { ErrorEnvelope } from '@meshfleet/model';
import * as z from 'zod';
import { signKeySchema } from './jwk.ts';

// What hubs say, and agents read. Apart from what agents say: an agent carries no schema that only hubs need.

/** The version of the wire contract that this code speaks. */
export const PROTOCOL = 1;
/** Seconds between the comments that keep a quiet stream open. */
export const STREAM_PING = 30;
/** Longest `wait` of a poll, in seconds. */
export const POLL_WAIT = 55;

const count = z.int().nonnegative();

export const enrolResponseSchema = z.object({
  clusterId: z.uuid(),
  clusterName: z.string(),
  organizationId: z.uuid(),
  /** `aud` of everything that the agent signs from now on. */
  audience: z.string(),
  status: z.enum(['ACTIVE', 'PENDING_APPROVAL']),
  /** To pin: what the organization signs desired states with. */
  signingKeys: z.array(signKeySchema).min(1),
  epoch: count,
  hubTime: z.iso.datetime(),
});
export type EnrolResponse = z.infer<typeof enrolResponseSchema>;

export const desiredEventSchema = z.object({
  epoch: count,
  revision: count,
  digest: z.string(),
  mode: z.enum(['ENFORCE', 'OBSERVE']),
  approvedDeletions: count,
});
export type DesiredEvent = z.infer<typeof desiredEventSchema>;

export const CONTROL_TYPES = ['approved', 'quarantined', 'evicted', 'resync-inventory', 'reenroll'] as const;
export type ControlType = (typeof CONTROL_TYPES)[number];
export const controlEventSchema = z.object({ type: z.enum(CONTROL_TYPES) });

/** Events of the stream and of the poll. `desired` has an id, which is the cursor to come back with; `task` says that there are tasks to fetch. */
export const agentEventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('desired'), id: z.string(), data: desiredEventSchema }),
  z.object({ event: z.literal('control'), data: controlEventSchema }),
  z.object({ event: z.literal('task'), data: z.object({}) }),
]);
export type AgentEvent = z.infer<typeof agentEventSchema>;

/** Events of kinds that the reader does not know are passed over: a newer hub may say more. */
export const pollResponseSchema = z.object({
  events: z.array(z.unknown()).transform((events) => events.flatMap((event) => agentEventSchema.safeParse(event).data ?? [])),
  cursor: z.string(),
});
export type PollResponse = z.infer<typeof pollResponseSchema>;

export const reportResponseSchema = z.object({
  /** Highest sequence that the hub has taken. */
  seq: count,
  /** The inventory did not follow the one that the hub has: send a full snapshot (base 0) next. */
  resyncInventory: z.boolean().optional(),
  /** Digests of schemas that the hub does not know: send each by `POST /agent/v1/schemas`. */
  wantSchemas: z.array(z.string().length(64)).max(1_000).optional(),
  /** What this hub takes in reports beyond the first version of the protocol; see {@link HUB_ACCEPTS}. */
  accepts: z.array(z.string().max(64)).max(64).optional(),
});
export type ReportResponse = z.infer<typeof reportResponseSchema>;

/** Body of every answer that is not 2xx. */
export interface ErrorBody {
  readonly error: ErrorEnvelope;
  /** ISO 8601. */
  readonly hubTime: string;
}
