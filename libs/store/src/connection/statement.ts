import { createHash } from 'node:crypto';
import pg from 'pg';

/** Beyond this many texts a statement is sent unnamed: prepared statements live in the server's memory per connection. */
const MOST_NAMED = 600;
const names = new Map<string, string>();

/** The driver's form of a statement, named by its text so that each connection parses and plans it once. */
export function statement(text: string, values: readonly unknown[] = []): pg.QueryConfig {
  const name = nameOf(text);
  return { text, values: [...values], ...(name === undefined ? {} : { name }) };
}

function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= MOST_NAMED) return known;
  const name = `s${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;
  names.set(text, name);
  return name;
}

const INT8 = 20;

/** int8 as a number: revisions, sequences and counts stay far below 2^53, and a string would compare wrongly. */
export const columnTypes = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8 && format !== 'binary') return Number;
    return pg.types.getTypeParser(oid, format as 'text');
  },
} as unknown as pg.CustomTypesConfig; // the declared overloads name one return type per format
