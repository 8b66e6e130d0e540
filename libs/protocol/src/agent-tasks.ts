import type { KubeObject } from '@meshfleet/model';
import * as z from 'zod';
import { kubeObjectSchema, objectKeySchema } from './desired-state-schema.ts';

/**
 * What a hub may ask of an agent beside the desired state: questions, answered once and by a deadline. They change nothing in the cluster. An agent
 * that knows of them says so in its facts (`features`), and is told by an event that there are some.
 */
export const TASK_KINDS = ['DRY_RUN', 'INSPECT'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** Objects of one dry run. */
export const TASK_OBJECTS = 500;
/** Largest request and largest answer, as JSON. */
export const TASK_LIMIT = 2 * 1024 * 1024;

const dryRunRequestSchema = z
  .object({
    objects: z.array(kubeObjectSchema.transform((object) => object as KubeObject)).max(TASK_OBJECTS), // as the schema has checked
    conflicts: z.enum(['REPORT', 'FORCE']),
    /** What the desired state would let go. Agents without the feature HAND_BACK pass it over, and refuse a request that holds nothing else. */
    withdrawal: z
      .object({
        tombstones: z.array(z.object({ key: objectKeySchema, policyId: z.string().min(1).max(64) })).max(TASK_OBJECTS),
        /** Objects that the desired state would still list: the guard of deletions counts them. */
        listed: z.int().nonnegative(),
        approvedDeletions: z.int().nonnegative(),
      })
      .optional(),
  })
  .refine(({ objects, withdrawal }) => objects.length + (withdrawal?.tombstones.length ?? 0) > 0, 'nothing is asked');

const inspectRequestSchema = z.object({ key: objectKeySchema });

export type DryRunRequest = z.infer<typeof dryRunRequestSchema>;
export type InspectRequest = z.infer<typeof inspectRequestSchema>;

export interface TaskRequests {
  readonly DRY_RUN: DryRunRequest;
  readonly INSPECT: InspectRequest;
}

export const TASK_REQUESTS: { readonly [K in TaskKind]: z.ZodType<TaskRequests[K]> } = { DRY_RUN: dryRunRequestSchema, INSPECT: inspectRequestSchema };
/** The answer of `GET /agent/v1/tasks`. Kinds that an agent does not know are answered as FAILED, so that nobody waits for them. */
export const taskListSchema = z.object({
  tasks: z.array(z.object({ id: z.uuid(), kind: z.string().max(64), deadline: z.iso.datetime(), request: z.unknown() })),
});
export type TaskList = z.infer<typeof taskListSchema>;
export type ListedTask = TaskList['tasks'][number];

/** False: nobody waits for the answer any longer, or it was given before. */
export interface TaskTaken {
  readonly taken: boolean;
}
