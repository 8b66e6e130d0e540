import type { JsonObject } from '@meshfleet/model';

export interface ParameterRow {
  /** `target.namespaces[]`. */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  readonly default?: string;
  readonly description: string;
}

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** The fields of a JSON schema of parameters, outermost first; of alternatives each with the word that chooses it. */
export function parameterRows(schema: JsonObject): ParameterRow[] {
  // What presetSchema makes is a schema of an object.
  return [...rowsOf(schema as Schema, '')];
}

function* rowsOf(schema: Schema, path: string): Generator<ParameterRow> {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (field.const !== undefined) continue;
    const at = path === '' ? name : `${path}.${name}`;
    yield {
      path: at,
      type: typeOf(field),
      required: schema.required?.includes(name) === true,
      ...(field.default === undefined ? {} : { default: JSON.stringify(field.default) }),
      description: field.description ?? '',
    };
    yield* within(field, at);
  }
}

function* within(field: Schema, path: string): Generator<ParameterRow> {
  if (field.items !== undefined) yield* within(field.items, `${path}[]`);
  yield* rowsOf(field, path);
  for (const alternative of field.oneOf ?? field.anyOf ?? []) {
    const choice = Object.entries(alternative.properties ?? {}).find(([, one]) => one.const !== undefined);
    if (choice === undefined) {
      yield* within(alternative, path);
      continue;
    }
    const [name, one] = choice;
    yield { path: `${path}.${name}`, type: `\`${String(one.const)}\``, required: true, description: one.description ?? '' };
    yield* rowsOf(alternative, path);
  }
}

function typeOf(field: Schema): string {
  if (field.enum !== undefined) return field.enum.map((one) => `\`${String(one)}\``).join(', ');
  const either = field.oneOf ?? field.anyOf;
  if (either !== undefined) return [...new Set(either.map(typeOf))].join(' or ');
  switch (field.type) {
    case 'array':
      return `list of ${plural(typeOf(field.items ?? {}))}`;
    case 'object':
      return field.properties === undefined ? 'map' : 'object';
    case 'integer':
    case 'number':
      return rangeOf(field);
    case undefined:
      return 'value';
    default:
      return field.type;
  }
}

const plural = (type: string): string => (/^[a-z]+$/.test(type) && type !== 'value' ? `${type}s` : type);

function rangeOf({ type, minimum, maximum }: Schema): string {
  // The bounds that zod gives to every integer say nothing.
  const low = minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const high = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const range = low === undefined ? (high === undefined ? '' : `, at most ${String(high)}`) : high === undefined ? `, at least ${String(low)}` : `, ${String(low)} to ${String(high)}`;
  return `${type ?? 'number'}${range}`;
}
