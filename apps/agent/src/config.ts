import { readFileSync } from 'node:fs';
import { MeshfleetError } from '@meshfleet/model';
import * as z from 'zod';

/** What the environment says, checked. */
export interface Config {
  /** The hub's public URL, without a slash at its end: also the audience of the enrolment proof. */
  readonly hubUrl: string;
  readonly joinToken: string | undefined;
  readonly clusterName: string | undefined;
  readonly namespace: string;
  /** PEM of the authority that signed the hub's certificate; undefined trusts the public ones. */
  readonly hubCaPem: string | undefined;
  /** Port of the probes; 0 opens none. */
  readonly port: number;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** Age at which the agent replaces its own keys. */
  readonly keyLifeDays: number;
}

const url = z.url({ protocol: /^https?$/ }).refine((text) => {
  // Refinements run on what is no URL too.
  if (!URL.canParse(text)) return false;
  const { search, hash, username, password } = new URL(text);
  return search === '' && hash === '' && username === '' && password === '';
});

const VARIABLES = {
  MESHFLEET_URL: { schema: url, shape: 'an http(s) URL without query or credentials', fix: 'Set it to the public URL of the hub, for example https://meshfleet.example.com.' },
  MESHFLEET_JOIN_TOKEN: { schema: z.string().regex(/^mfj_[A-Za-z0-9_-]{22}_[A-Za-z0-9_-]{43}$/).optional(), shape: 'a join token (mfj_…)', fix: 'Create a join token (joinTokenCreate) and paste the whole of its secret.' },
  MESHFLEET_CLUSTER_NAME: { schema: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/).optional(), shape: 'a DNS label: a-z, 0-9 and -, at most 63', fix: 'Choose the name that the cluster should have in Meshfleet.' },
  MESHFLEET_NAMESPACE: { schema: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/).default('meshfleet-system'), shape: 'the name of a namespace', fix: 'Set it to the namespace that the agent is installed in.' },
  MESHFLEET_CA_FILE: { schema: z.string().optional(), shape: 'a path', fix: 'Set it to a PEM file.' },
  MESHFLEET_KEY_LIFE_DAYS: { schema: z.coerce.number().int().min(1).max(3650).default(30), shape: 'a number of days, 1 to 3650', fix: 'Leave it out to have 30.' },
  PORT: { schema: z.coerce.number().int().min(0).max(65_535).default(8081), shape: 'a port, 0 to 65535', fix: 'Leave it out to have 8081; 0 opens no port.' },
  LOG_LEVEL: { schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'), shape: 'trace, debug, info, warn, error, fatal or silent', fix: 'Leave it out to have info.' },
} as const;

/** @throws MeshfleetError CONFIG_INVALID, which names the variable and never its value: it may be a secret */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const caFile = read(environment, 'MESHFLEET_CA_FILE');
  return {
    hubUrl: read(environment, 'MESHFLEET_URL').replace(/\/+$/, ''),
    joinToken: read(environment, 'MESHFLEET_JOIN_TOKEN'),
    clusterName: read(environment, 'MESHFLEET_CLUSTER_NAME'),
    namespace: read(environment, 'MESHFLEET_NAMESPACE'),
    hubCaPem: caFile === undefined ? undefined : readCa(caFile),
    port: read(environment, 'PORT'),
    logLevel: read(environment, 'LOG_LEVEL'),
    keyLifeDays: read(environment, 'MESHFLEET_KEY_LIFE_DAYS'),
  };
}

function read<K extends keyof typeof VARIABLES>(environment: NodeJS.ProcessEnv, name: K): z.infer<(typeof VARIABLES)[K]['schema']> {
  const { schema, shape, fix } = VARIABLES[name];
  const value = environment[name];
  // Kubernetes gives an optional Secret key that is empty as an empty variable: the same as none.
  const parsed = schema.safeParse(value === '' ? undefined : value);
  if (parsed.success) return parsed.data as z.infer<(typeof VARIABLES)[K]['schema']>; // the union of schemas loses which one K chose
  const summary = value === undefined || value === '' ? `${name} is not set` : `${name} is not ${shape}`;
  throw new MeshfleetError({ code: 'CONFIG_INVALID', summary, why: `The agent needs ${shape} in ${name}.`, fix });
}

function readCa(path: string): string {
  try {
    const pem = readFileSync(path, 'utf8');
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  } catch (cause) {
    throw caInvalid(path, cause);
  }
  throw caInvalid(path);
}

function caInvalid(path: string, cause?: unknown): MeshfleetError {
  const summary = `MESHFLEET_CA_FILE names ${path}, which is not a readable PEM file with a certificate`;
  return new MeshfleetError({ code: 'CONFIG_INVALID', summary, fix: 'Mount the certificate of the authority that signed the hub\'s certificate.' }, { cause });
}
