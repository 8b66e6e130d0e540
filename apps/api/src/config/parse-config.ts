import { MeshfleetError } from '@meshfleet/model';
import { parseHosts } from '@meshfleet/planner';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/** Everything the API reads from its environment, checked once at start. */
export interface ApiConfig {
  readonly host: string;
  readonly port: number;
  /** Where `/metrics` is served, on the same host; undefined: nowhere. Never on the public port. */
  readonly metricsPort: number | undefined;
  readonly databaseUrl: string;
  readonly poolSize: number;
  /** Where people and agents reach this API; the audience of agents' requests. No trailing slash. */
  readonly publicUrl: string;
  readonly oidc: { readonly issuer: string; readonly audience: string; readonly jwksUrl?: string } | undefined;
  /** Key-encryption key, 32 bytes. */
  readonly key: Uint8Array;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** GraphQL points that one identity may spend in a minute in one process. */
  readonly budgetPerMinute: number;
  /** Whether /signin?token=… may turn a token of the issuer into a browser session. */
  readonly signinLink: boolean;
  /** As reconcilers are told: hosts that webhooks of rollouts may have though they are not on the internet. Of others the API warns. */
  readonly webhookHosts: ReadonlySet<string>;
  readonly logLevel: string;
}

const url = (protocols: RegExp) =>
  z.url({ protocol: protocols, error: 'must be a URL' }).transform((text) => text.replace(/\/+$/, ''));
const port = z.coerce.number().int().min(0).max(65_535);
const optionalText = z
  .string()
  .optional()
  .transform((text) => (text === undefined || text === '' ? undefined : text));

const environment = z.object({
  HOST: z.string().min(1).default('0.0.0.0'),
  PORT: port.default(8080),
  METRICS_PORT: z.preprocess((value) => (value === '' ? undefined : value), port.optional()),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a URL like postgres://user:password@host:5432/database' }),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(200).default(10),
  MESHFLEET_PUBLIC_URL: url(/^https?$/),
  OIDC_ISSUER: optionalText,
  OIDC_JWKS_URL: url(/^https?$/).optional(),
  OIDC_AUDIENCE: optionalText,
  MESHFLEET_KEY: optionalText,
  MESHFLEET_KEY_FILE: optionalText,
  TLS_CERT_FILE: optionalText,
  TLS_KEY_FILE: optionalText,
  GRAPHQL_BUDGET_PER_MINUTE: z.coerce.number().int().min(1000).default(5_000_000),
  SIGNIN_LINK: z.enum(['on', 'off']).default('on'),
  ROLLOUT_WEBHOOK_PRIVATE_HOSTS: z.string().default('').transform(parseHosts),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** @throws MeshfleetError CONFIG_INVALID that names the variable, the shape it should have and what to do */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): ApiConfig {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const name = String(issue?.path[0] ?? 'the environment');
    throw invalid(name, env[name] === undefined ? 'it is not set' : (issue?.message ?? 'its value cannot be read'));
  }
  const value = parsed.data;
  if (value.METRICS_PORT === value.PORT && value.PORT !== 0) throw invalid('METRICS_PORT', 'it is the public port');
  return {
    host: value.HOST,
    port: value.PORT,
    metricsPort: value.METRICS_PORT,
    databaseUrl: value.DATABASE_URL,
    poolSize: value.DATABASE_POOL_SIZE,
    publicUrl: value.MESHFLEET_PUBLIC_URL,
    oidc: oidcOf(value),
    key: keyOf(value.MESHFLEET_KEY, value.MESHFLEET_KEY_FILE),
    tls: tlsOf(value.TLS_CERT_FILE, value.TLS_KEY_FILE),
    budgetPerMinute: value.GRAPHQL_BUDGET_PER_MINUTE,
    signinLink: value.SIGNIN_LINK === 'on',
    webhookHosts: value.ROLLOUT_WEBHOOK_PRIVATE_HOSTS,
    logLevel: value.LOG_LEVEL,
  };
}

const SHAPES: Readonly<Record<string, string>> = {
  PORT: 'a port from 0 to 65535',
  METRICS_PORT: 'a port from 0 to 65535 other than PORT, or leave it out',
  DATABASE_URL: 'a URL like postgres://user:password@host:5432/database',
  MESHFLEET_PUBLIC_URL: 'the http or https URL at which people and agents reach this API',
  OIDC_ISSUER: 'the issuer of your OpenID Connect provider, exactly as its tokens name it',
  OIDC_JWKS_URL: 'the http or https URL of the issuer’s key set',
  OIDC_AUDIENCE: 'the audience that tokens for Meshfleet carry (often the client id)',
  MESHFLEET_KEY: '32 random bytes in base64 (openssl rand -base64 32)',
  MESHFLEET_KEY_FILE: 'a readable file that holds 32 random bytes in base64 (openssl rand -base64 32)',
  TLS_CERT_FILE: 'a readable PEM file, together with TLS_KEY_FILE',
  TLS_KEY_FILE: 'a readable PEM file, together with TLS_CERT_FILE',
};

function invalid(name: string, why: string): MeshfleetError {
  return new MeshfleetError({
    code: 'CONFIG_INVALID',
    summary: `${name} is missing or wrong`,
    why,
    fix: `Set ${name} to ${SHAPES[name] ?? 'a value of the shape that the README names'}.`,
    where: { field: [name] },
  });
}

function oidcOf(value: z.output<typeof environment>): ApiConfig['oidc'] {
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_JWKS_URL: jwksUrl } = value;
  if (issuer === undefined) {
    if (audience !== undefined || jwksUrl !== undefined) throw invalid('OIDC_ISSUER', 'OIDC_AUDIENCE or OIDC_JWKS_URL is set without it');
    return undefined;
  }
  if (audience === undefined) throw invalid('OIDC_AUDIENCE', 'OIDC_ISSUER is set without it, and tokens made for other applications must not sign anybody in');
  if (jwksUrl === undefined && !/^https?:\/\//.test(issuer)) throw invalid('OIDC_JWKS_URL', 'OIDC_ISSUER is not a URL, so that its keys cannot be discovered');
  return { issuer, audience, ...(jwksUrl === undefined ? {} : { jwksUrl }) };
}

function keyOf(inline: string | undefined, file: string | undefined): Uint8Array {
  const name = inline === undefined ? 'MESHFLEET_KEY_FILE' : 'MESHFLEET_KEY';
  const text = inline ?? (file === undefined ? undefined : readText(name, file));
  if (text === undefined) throw invalid('MESHFLEET_KEY', 'neither MESHFLEET_KEY nor MESHFLEET_KEY_FILE is set');
  const bytes = Buffer.from(text.trim(), 'base64');
  if (bytes.length !== 32) throw invalid(name, `it holds ${bytes.length} bytes and not 32`);
  return bytes;
}

function tlsOf(certFile: string | undefined, keyFile: string | undefined): ApiConfig['tls'] {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined) throw invalid('TLS_CERT_FILE', 'TLS_KEY_FILE is set without it');
  if (keyFile === undefined) throw invalid('TLS_KEY_FILE', 'TLS_CERT_FILE is set without it');
  return { cert: readText('TLS_CERT_FILE', certFile), key: readText('TLS_KEY_FILE', keyFile) };
}

function readText(name: string, file: string): string {
  if (!existsSync(file)) throw invalid(name, `there is no file ${file}`);
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw invalid(name, `the file ${file} cannot be read`);
  }
}
