import { MeshfleetError } from '@meshfleet/model';
import { DEFAULT_RETENTION, parseHosts } from '@meshfleet/planner';
import type { RetentionRule } from '@meshfleet/planner';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

export interface Configuration {
  readonly databaseUrl: string;
  readonly redisUrl?: string;
  /** Port of /healthz, /readyz and /metrics; undefined: none. 0: any free one. */
  readonly port?: number;
  readonly host: string;
  readonly concurrency: number;
  /** The hub's key-encryption key, which signs webhook calls; undefined: none are made. */
  readonly key?: Uint8Array;
  /** Hosts that webhooks may reach though their addresses are private. */
  readonly privateHosts: ReadonlySet<string>;
  readonly retention: RetentionRule;
  /** `worker` runs until it is told to stop; `drain` does all that is due and ends; `restored` is for after a backup. */
  readonly mode: 'worker' | 'drain' | 'restored';
}

const whole = (name: string, least: number, most: number) => {
  const problem = `${name} must be a whole number from ${least} to ${most}`;
  return z.coerce.number(problem).int(problem).min(least, problem).max(most, problem);
};

const environment = z.object({
  DATABASE_URL: z.string('DATABASE_URL is not set').regex(/^postgres(ql)?:\/\//, 'DATABASE_URL must look like postgresql://user:password@host:5432/database'),
  REDIS_URL: z.string().min(1).optional(),
  PORT: whole('PORT', 0, 65_535).optional(),
  HOST: z.string().min(1).default('0.0.0.0'),
  RECONCILER_CONCURRENCY: whole('RECONCILER_CONCURRENCY', 1, 64).default(2),
  MESHFLEET_KEY: z.string().optional(),
  MESHFLEET_KEY_FILE: z.string().optional(),
  ROLLOUT_WEBHOOK_PRIVATE_HOSTS: z.string().default(''),
  HISTORY_KEEP_REVISIONS: whole('HISTORY_KEEP_REVISIONS', 1, 1_000_000).default(DEFAULT_RETENTION.keepRevisions),
  HISTORY_KEEP_DAYS: whole('HISTORY_KEEP_DAYS', 0, 36_500).default(DEFAULT_RETENTION.keepDays),
});

const FLAGS = { '--drain': 'drain', '--restored': 'restored' } as const;

/** Reads arguments and environment. @throws MeshfleetError CONFIG_INVALID that names the variable and what it should be */
export function readConfiguration(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Configuration {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) throw invalidVariable(parsed.error.issues[0]);
  const { DATABASE_URL, REDIS_URL, PORT, HOST, RECONCILER_CONCURRENCY, HISTORY_KEEP_REVISIONS, HISTORY_KEEP_DAYS } = parsed.data;
  return {
    databaseUrl: DATABASE_URL,
    ...(REDIS_URL === undefined ? {} : { redisUrl: REDIS_URL }),
    ...(PORT === undefined ? {} : { port: PORT }),
    host: HOST,
    concurrency: RECONCILER_CONCURRENCY,
    ...readKey(parsed.data.MESHFLEET_KEY, parsed.data.MESHFLEET_KEY_FILE),
    privateHosts: parseHosts(parsed.data.ROLLOUT_WEBHOOK_PRIVATE_HOSTS),
    retention: { keepRevisions: HISTORY_KEEP_REVISIONS, keepDays: HISTORY_KEEP_DAYS },
    mode: readMode(args),
  };
}

/** The API's key, in the same two variables. */
function readKey(inline: string | undefined, file: string | undefined): { key?: Uint8Array } {
  const variable = inline === undefined ? 'MESHFLEET_KEY_FILE' : 'MESHFLEET_KEY';
  if (inline === undefined && file === undefined) return {};
  const key = Buffer.from((inline ?? readText(variable, file ?? '')).trim(), 'base64');
  if (key.length !== 32) throw unusable(variable, `it holds ${key.length} bytes and not 32`);
  return { key };
}

function readText(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw unusable(variable, 'the file cannot be read');
  }
}

function readMode(args: readonly string[]): Configuration['mode'] {
  const unknown = args.find((arg) => !(arg in FLAGS));
  if (unknown !== undefined || args.length > 1) {
    throw new MeshfleetError({
      code: 'CONFIG_INVALID',
      summary: unknown === undefined ? `${args.join(' and ')} do not go together` : `Unknown argument ${unknown}`,
      fix: 'Start it with no argument (worker), with --drain, or with --restored after a restore from a backup.',
    });
  }
  const [flag] = args;
  return flag === undefined ? 'worker' : FLAGS[flag as keyof typeof FLAGS]; // checked above
}

function invalidVariable(issue: z.core.$ZodIssue | undefined): MeshfleetError {
  return unusable(String(issue?.path[0] ?? 'The environment'), issue?.message ?? 'it could not be read');
}

function unusable(variable: string, why: string): MeshfleetError {
  return new MeshfleetError({
    code: 'CONFIG_INVALID',
    summary: `${variable} is not usable`,
    why,
    fix: `Set ${variable} in the environment of the reconciler; apps/reconciler/README.md lists what each variable takes.`,
    where: { field: [variable] },
  });
}
