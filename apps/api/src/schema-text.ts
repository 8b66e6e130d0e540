import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Set by the bundler, which has no file beside it. */
declare const MESHFLEET_SCHEMA: string | undefined;

/** The GraphQL schema, as it is checked in. */
export const schemaText: string =
  typeof MESHFLEET_SCHEMA === 'string' ? MESHFLEET_SCHEMA : readFileSync(fileURLToPath(new URL('../schema.graphql', import.meta.url)), 'utf8');
