import { z } from 'zod';
import { durationField } from './parameter-fields.ts';

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** How long a time span is that a preset has let through: `1m30s` is 90,000. */
export function durationMilliseconds(text: string): number {
  return [...text.matchAll(/([0-9.]+)(ms|s|m|h)/g)].reduce((sum, [, amount, unit]) => sum + Number(amount) * (MILLISECONDS[unit ?? ''] ?? Number.NaN), 0);
}

/** A time span that is not nothing, as Istio takes it: in whole milliseconds. */
export const positiveDurationField = durationField
  .refine((text) => durationMilliseconds(text) >= 1, 'Must be at least 1ms')
  .refine(isWhole, 'Must be in whole milliseconds')
  .meta({ examples: ['250ms', '5s', '0.5s', '1m30s'] });

/** Sums of fractions are whole but for what binary numbers lose. */
function isWhole(text: string): boolean {
  const milliseconds = durationMilliseconds(text);
  return Math.abs(milliseconds - Math.round(milliseconds)) < 1e-6;
}

/** A time span as the Gateway API writes it (GEP-2257): whole numbers, up to four units. */
export const gatewayDurationField = z
  .string()
  .regex(/^(?:\d{1,5}(?:h|m|s|ms)){1,4}$/, 'Must be a time span of whole numbers, as in "250ms", "5s" or "1m30s"')
  .refine((text) => durationMilliseconds(text) >= 1, 'Must be at least 1ms')
  .meta({ examples: ['250ms', '5s', '1m30s'] });
