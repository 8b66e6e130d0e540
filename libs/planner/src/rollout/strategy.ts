import { MeshfleetError, parseLabelSelector } from '@meshfleet/model';
import { z } from 'zod';

const DAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const;
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;
const MOST_WAVES = 50;
const WEEK_SECONDS = 7 * 86_400;

/** GraphQL and stored JSON write "not given" as null; inside there is one way to say it. */
const given = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);
const seconds = (least: number, most: number, otherwise: number, what: string) =>
  z.int().min(least, `${what} is at least ${least} s`).max(most, `${what} is at most ${most} s`).nullish().transform((value) => value ?? otherwise);

const selector = z.string().superRefine((text, context) => {
  try {
    parseLabelSelector(text);
  } catch (error) {
    if (!(error instanceof MeshfleetError)) throw error;
    context.addIssue({ code: 'custom', message: error.summary, params: { envelope: error.toEnvelope() } });
  }
});

const timeZone = z.string().refine(isTimeZone, { error: 'A time zone is a name of the IANA database', params: { fix: 'Give a name as Europe/Berlin, America/New_York or UTC.' } });
const clock = z.string().refine((text) => CLOCK.test(text), { error: 'A time of day has hours and minutes, from 00:00 to 23:59', params: { fix: 'Write it as 22:30.' } });

/** Part of a week in which clusters may be changed, by the clock on the wall of its time zone. */
const windowSchema = z.object({
  /** Days on which it begins; every day when none is named. */
  days: z.array(z.enum(DAYS)).nullish().transform((days) => (days === null || days === undefined || days.length === 0 ? [...DAYS] : days)),
  start: clock,
  /** Not after `start`: on the day that follows. */
  end: clock,
  timeZone,
});
export type MaintenanceWindow = z.output<typeof windowSchema>;

const webhookSchema = z.object({
  url: z
    .string()
    .trim()
    .max(2000, 'An address has at most 2000 characters')
    .refine((text) => z.url({ protocol: /^https?$/ }).safeParse(text).success, { error: 'A webhook is an http or https address', params: { fix: 'Give an address as https://gate.example.com/rollouts.' } })
    .refine((text) => !/^https?:\/\/[^/?#]*@/.test(text), {
      error: 'The address of a webhook holds no user name and no password',
      params: { why: 'everybody who may look at the rollout can read it', fix: 'Leave out what stands before the @; calls are signed, and the signature says who calls.' },
    }),
  /** How long the answer may stay WAIT before the gate is red. */
  timeoutSeconds: seconds(1, WEEK_SECONDS, 600, 'The timeout'),
  intervalSeconds: seconds(1, 3600, 10, 'The interval'),
});

const approvalSchema = z.object({
  /** BEFORE the wave begins, or AFTER it went well and before the next one begins. */
  when: z.enum(['BEFORE', 'AFTER']).nullish().transform((when) => when ?? 'BEFORE'),
  /** Different people. */
  count: z.int().min(1, 'An approval takes at least one person').max(10, 'At most ten people can be asked').nullish().transform((count) => count ?? 1),
  /** The least role that an approver holds. */
  role: z.enum(['OPERATOR', 'ADMIN', 'OWNER']).nullish().transform((role) => role ?? 'OPERATOR'),
  /** Whether the person who asked for the rollout may approve it too. */
  allowAuthor: z.boolean().nullish().transform((allowed) => allowed ?? false),
});

const gatesSchema = z.object({
  /** Every object's own status must say that it works. */
  healthy: z.boolean().nullish().transform((on) => on ?? false),
  /** The analysis must find no error that was not there when the wave began. */
  findings: z.boolean().nullish().transform((on) => on ?? false),
  webhook: given(webhookSchema),
  approval: given(approvalSchema),
});
export type Gates = z.output<typeof gatesSchema>;

/** What a wave says otherwise than the strategy: `null` switches a gate off, absence leaves it as it is. */
const gatesOverride = z.object({
  healthy: z.boolean().nullish(),
  findings: z.boolean().nullish(),
  webhook: webhookSchema.nullable().optional(),
  approval: approvalSchema.nullable().optional(),
});

const amount = { count: given(z.int().min(1, 'A count is at least 1')), percent: given(z.number().gt(0, 'A percentage is above 0').max(100, 'A percentage is at most 100')) };

interface Amount {
  readonly count?: number | undefined;
  readonly percent?: number | undefined;
}

function onlyOne(message: string) {
  return ({ count, percent }: Amount, context: z.RefinementCtx): void => {
    if (count === undefined || percent === undefined) return;
    context.addIssue({ code: 'custom', message, path: ['percent'], params: { why: `it has count ${count} and percent ${percent}`, fix: 'Leave one of the two out.' } });
  };
}

const waveSchema = z
  .object({
    name: given(z.string().min(1, 'A name must not be empty').max(63, 'A name has at most 63 characters')),
    clusterSelector: given(selector),
    ...amount,
    soakSeconds: given(z.int().min(0, 'The soak is not negative').max(4 * WEEK_SECONDS, 'The soak is at most four weeks')),
    gates: given(gatesOverride),
  })
  .superRefine(onlyOne('A wave is measured by count or by percent, and not by both'))
  .refine(({ clusterSelector, count, percent }) => clusterSelector !== undefined || count !== undefined || percent !== undefined, {
    error: 'A wave says which clusters it takes',
    path: ['clusterSelector'],
    params: { why: 'it has neither clusterSelector nor count nor percent', fix: 'Give one; for all that are left give percent: 100, or no wave at all, since the last one takes who is left.' },
  });
export type WaveStrategy = z.output<typeof waveSchema>;

/**
 * How clusters move from one version to another. Everything has a default, so that `{}` is a careful rollout in one wave:
 * no failure is forgiven, what was touched is rolled back, and a cluster that is away stops nobody.
 */
export const strategySchema = z.object({
  /** In this order; clusters that none takes are the last wave. */
  waves: z.array(waveSchema).max(MOST_WAVES, `A rollout has at most ${MOST_WAVES} waves`).nullish().transform((waves) => waves ?? []),
  soakSeconds: seconds(0, 4 * WEEK_SECONDS, 0, 'The soak'),
  gates: gatesSchema.nullish().transform((gates) => gates ?? gatesSchema.parse({})),
  /** Failed clusters that are forgiven, of the whole rollout; one more stops it. */
  failureBudget: z
    .object({ count: given(z.int().min(0, 'The failure budget is not negative')), percent: given(z.number().min(0, 'A percentage is at least 0').max(100, 'A percentage is at most 100')) })
    .superRefine(onlyOne('The failure budget is a count or a percentage, and not both'))
    .nullish()
    .transform((budget) => budget ?? { count: 0, percent: undefined }),
  offline: z
    .object({
      policy: z.enum(['SKIP_UNTIL_BACK', 'WAIT']).nullish().transform((policy) => policy ?? 'SKIP_UNTIL_BACK'),
      /** Of a wave's clusters, how many must have answered before the others are not waited for. */
      quorumPercent: z.number().min(0, 'A percentage is at least 0').max(100, 'A percentage is at most 100').nullish().transform((percent) => percent ?? 50),
    })
    .nullish()
    .transform((offline) => offline ?? { policy: 'SKIP_UNTIL_BACK' as const, quorumPercent: 50 }),
  windows: z.array(windowSchema).max(20, 'At most 20 windows').nullish().transform((windows) => windows ?? []),
  /** How long a cluster that is there may take before it counts as failed. */
  progressDeadlineSeconds: seconds(1, WEEK_SECONDS, 600, 'The progress deadline'),
  /** How long an object may fail before its cluster counts as failed: agents try again by themselves. */
  failureGraceSeconds: seconds(0, WEEK_SECONDS, 30, 'The failure grace'),
  maxConcurrent: given(z.int().min(1, 'At least one cluster is changed at a time')),
  onFailure: z.enum(['ROLLBACK', 'PAUSE']).nullish().transform((action) => action ?? 'ROLLBACK'),
  onOverlap: z.enum(['QUEUE', 'REFUSE']).nullish().transform((action) => action ?? 'QUEUE'),
});
export type RolloutStrategy = z.output<typeof strategySchema>;

/** The gates of one wave: the strategy's, with what the wave says otherwise. */
export function gatesOfWave(strategy: RolloutStrategy, wave: WaveStrategy | undefined): Gates {
  const { gates } = strategy;
  const own = wave?.gates;
  return {
    healthy: own?.healthy ?? gates.healthy,
    findings: own?.findings ?? gates.findings,
    webhook: own?.webhook === null ? undefined : (own?.webhook ?? gates.webhook),
    approval: own?.approval === null ? undefined : (own?.approval ?? gates.approval),
  };
}

/** How many failed clusters are forgiven in a rollout over `total`. */
export function failuresForgiven(strategy: RolloutStrategy, total: number): number {
  const { count, percent } = strategy.failureBudget;
  return count ?? Math.floor((total * (percent ?? 0)) / 100);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
