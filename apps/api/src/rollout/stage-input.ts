import { strategySchema } from '@meshfleet/planner';
import { z } from 'zod';

const LEAST_WEBHOOK_INTERVAL_SECONDS = 5;

/** Stored strategies may say less: they were given before this bound. */
export const strategyInput = strategySchema.superRefine(({ gates, waves }, context) => {
  const webhooks = [
    { webhook: gates.webhook, path: ['gates'] },
    ...waves.map((wave, index) => ({ webhook: wave.gates?.webhook, path: ['waves', index, 'gates'] })),
  ];
  for (const { webhook, path } of webhooks) {
    if (webhook === undefined || webhook === null || webhook.intervalSeconds >= LEAST_WEBHOOK_INTERVAL_SECONDS) continue;
    context.addIssue({ code: 'custom', message: `The interval is at least ${LEAST_WEBHOOK_INTERVAL_SECONDS} s`, path: [...path, 'webhook', 'intervalSeconds'], params: { fix: `Give at least ${LEAST_WEBHOOK_INTERVAL_SECONDS}, or leave it out for 10.` } });
  }
});

/** What every change of a policy may say about how it reaches clusters. */
export const stageInput = {
  rollout: strategyInput.optional(),
  supersede: z.boolean().default(false),
  ignoreFreeze: z.boolean().default(false),
};

export type StageInput = z.output<z.ZodObject<typeof stageInput>>;
