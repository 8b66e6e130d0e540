import { strategySchema } from '@meshfleet/planner';
import { z } from 'zod';

/** What every change of a policy may say about how it reaches clusters. */
export const stageInput = {
  rollout: strategySchema.optional(),
  supersede: z.boolean().default(false),
  ignoreFreeze: z.boolean().default(false),
};

export type StageInput = z.output<z.ZodObject<typeof stageInput>>;
