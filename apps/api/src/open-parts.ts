import { createLocalCustody } from '@meshfleet/pki';
import { openStore } from '@meshfleet/store';
import { createLogger } from '@meshfleet/telemetry';
import { randomBytes } from 'node:crypto';
import type { ApiParts } from './app.module.ts';
import { parseConfig } from './config/parse-config.ts';

/** The API's parts, as the environment says. @throws MeshfleetError CONFIG_INVALID or STORE_UNAVAILABLE */
export async function openParts(env: Readonly<Record<string, string | undefined>>): Promise<ApiParts> {
  const config = parseConfig(env);
  const logger = createLogger('api', { level: config.logLevel });
  const custody = createLocalCustody({ key: config.key, random: (bytes) => randomBytes(bytes) });
  const store = await openStore({ databaseUrl: config.databaseUrl, poolSize: config.poolSize, applicationName: 'meshfleet-api' });
  return { config, store, custody, logger };
}
