import { positiveDurationField, presentFields } from '@meshfleet/manifest';
import type { JsonObject } from '@meshfleet/model';
import { z } from 'zod';

/** Slow start of new endpoints. */
export const warmup = z
  .strictObject({
    duration: positiveDurationField.meta({ title: 'Duration', description: 'How long an endpoint is new.' }),
    minimumPercent: z.number().min(0).max(100).default(10).meta({ title: 'At the start', description: 'Share of its full load that a new endpoint gets at once, in per cent.' }),
    aggression: z.number().min(1).max(100).default(1).meta({ title: 'Aggression', description: '1 grows the load evenly; more, faster at the beginning.' }),
  })
  .optional()
  .meta({ title: 'Warm-up', description: 'Gives new endpoints their load little by little.' });

export const WARMUP_NOTE = 'Warm-up spares an endpoint that joins others. Where all endpoints are new, as after a first deployment, all are equally slow and nothing changes.';

export function simpleBalancer(simple: 'LEAST_REQUEST' | 'ROUND_ROBIN', settings: z.output<typeof warmup>): JsonObject {
  return presentFields({ simple, warmup: settings === undefined ? undefined : presentFields(settings) });
}
