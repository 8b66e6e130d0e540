import type { JsonObject } from '@meshfleet/model';
import * as z from 'zod';
import { TASK_OBJECTS } from './agent-tasks.ts';
import type { TaskKind } from './agent-tasks.ts';
import { objectKeySchema } from './desired-state-schema.ts';

// What agents answer, and hubs read: apart from the questions, which agents read.

// Bodies come from API servers and are shown, never acted upon.
const shown = z.record(z.string(), z.json()) as z.ZodType<JsonObject>;
const text = z.string().max(4096);

/**
 * The last three are of what is withdrawn: deleted; left with what stood there before us given back; left with nothing given back. Their reasons say
 * why that is less than all: `ChangedSince`, `NothingKept`, `NotOurs`.
 */
const DRY_RUN_OUTCOMES = ['CREATED', 'CHANGED', 'UNCHANGED', 'CONFLICT', 'REFUSED', 'KIND_NOT_SERVED', 'REMOVED', 'HANDED_BACK', 'KEPT'] as const;

const fields = z.array(z.string().max(512)).max(100);
const conflicts = z.array(z.object({ manager: z.string().max(256), field: z.string().max(512) })).max(100);

const bodies = { live: shown.optional(), wouldBe: shown.optional(), truncated: z.boolean().optional() };

const dryRunObjectSchema = z.object({
  key: objectKeySchema,
  outcome: z.enum(DRY_RUN_OUTCOMES),
  /** CamelCase; empty when there is nothing to say. */
  reason: z.string().max(128),
  message: text,
  conflicts,
  /** The object as it is, and as it would be (after an apply by force, where there are conflicts), without managedFields and status. */
  live: shown.optional(),
  wouldBe: shown.optional(),
  /** Of a conflict: as it would be where nothing is taken, if that is otherwise than it is. What the object says no more is given back all the same. */
  untaken: shown.optional(),
  /** Bodies were left out, because the answer would have grown too large. */
  truncated: z.boolean().optional(),
  /**
   * Fields that were taken of others and that the object sets otherwise than they were: what becomes of them where it may not take them. `wasOurs`: it had
   * been applied so before they were changed, and they are drift again. `letsGo`: it was none of ours, so all that was taken of it goes back.
   */
  givenUp: z.object({ fields, wasOurs: z.boolean(), letsGo: z.boolean(), ...bodies }).optional(),
  /**
   * How the object stood while the entry of this digest was refused: it is put back before that entry is applied again. `conflicts` are in its way then, and
   * `wereOurs` of them as below; `applied`: what it makes of the object where it may take all of them, absent where the API server refuses it.
   */
  beneath: z.object({ under: z.string().max(64), conflicts: conflicts.optional(), wereOurs: fields.optional(), applied: z.object(bodies).optional(), ...bodies }).optional(),
  /** Policy for which this very content was applied before, and nothing else since: what differs is drift. */
  appliedFor: z.string().max(64).optional(),
  /** Of the fields in conflict those that the content before had as well, so that a policy which corrects drift takes them back. */
  wereOurs: fields.optional(),
  /** Those that were taken of others in the first place: they are drift only where the policy may take them. */
  lent: fields.optional(),
  /** Drift was put right so often lately that it is not any more. */
  contested: z.boolean().optional(),
});
const dryRunResultSchema = z.object({ objects: z.array(dryRunObjectSchema).max(TASK_OBJECTS) });

const inspectResultSchema = z.object({
  found: z.boolean(),
  /** Why nothing can be said although the object may be there. */
  refused: z.object({ reason: z.string().max(128), message: text }).optional(),
  /** Without managedFields; of workloads, services and namespaces only metadata and status. */
  object: shown.optional(),
  managers: z
    .array(z.object({ manager: z.string().max(256), operation: z.string().max(32), subresource: z.string().max(64).optional(), time: z.string().max(64).optional(), fields: z.array(z.string().max(512)).max(200) }))
    .max(50),
  conditions: z
    .array(z.object({ type: z.string().max(316), status: z.string().max(32), reason: z.string().max(1024), message: text, lastTransitionTime: z.string().max(64).optional(), observedGeneration: z.number().optional(), /** The route's parent, where each has its own. */ of: z.string().max(1024).optional() }))
    .max(200),
  /** What its status comes to now, by the rules of reports; absent of kinds of which only labels are set, and of older agents. */
  health: z.object({ state: z.enum(['HEALTHY', 'PENDING', 'UNHEALTHY']), reason: z.string().max(128), message: text }).optional(),
  /** The newest first; absent when the agent may not read them. */
  events: z.array(z.object({ type: z.string().max(64), reason: z.string().max(256), message: text, count: z.number(), lastSeen: z.string().max(64), source: z.string().max(256) })).max(50).optional(),
  truncated: z.boolean().optional(),
});

export type DryRunResult = z.infer<typeof dryRunResultSchema>;
export type DryRunObject = z.infer<typeof dryRunObjectSchema>;
export type InspectResult = z.infer<typeof inspectResultSchema>;

export interface TaskResults {
  readonly DRY_RUN: DryRunResult;
  readonly INSPECT: InspectResult;
}

export const TASK_RESULTS: { readonly [K in TaskKind]: z.ZodType<TaskResults[K]> } = { DRY_RUN: dryRunResultSchema, INSPECT: inspectResultSchema };

/** The body of `POST /agent/v1/tasks/<id>`. */
export const taskAnswerSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('DONE'), result: z.unknown() }),
  z.object({ status: z.literal('FAILED'), error: z.object({ reason: z.string().min(1).max(128), message: text }) }),
]);
export type TaskAnswer = z.infer<typeof taskAnswerSchema>;
