import { Kind, parse } from 'graphql';
import { schemaText } from '../schema-text.ts';

/** More values than anybody reads in one line. */
const MOST_SHOWN = 40;

let known: ReadonlyMap<string, readonly string[]> | undefined;

/** The values of an enum of the schema, as a sentence lists them; undefined for what is none. */
export function listEnumValues(name: string): string | undefined {
  known ??= new Map(parse(schemaText, { noLocation: true }).definitions.flatMap((each) => (each.kind === Kind.ENUM_TYPE_DEFINITION ? [[each.name.value, (each.values ?? []).map((value) => value.name.value)]] : [])));
  const values = known.get(name);
  if (values === undefined) return undefined;
  return values.length <= MOST_SHOWN ? values.join(', ') : `${values.slice(0, MOST_SHOWN).join(', ')} and ${values.length - MOST_SHOWN} more`;
}
