import { z } from 'zod';

const MOST_CODES = 100;

/** What every change of a policy may say of errors that the analysis finds in it. */
export const forceInput = {
  force: z.boolean().default(false),
  ignoreFindings: z.array(z.string().refine((text) => /^[A-Z]{2,5}\d{4}$/.test(text), { error: 'A finding’s code is capitals and four digits', params: { fix: 'Take it from the error, as IST0101 or MF0001; it stands in `finding`.' } })).max(MOST_CODES, `At most ${MOST_CODES} codes can be named`).default([]),
};

export type ForceInput = z.output<z.ZodObject<typeof forceInput>>;
