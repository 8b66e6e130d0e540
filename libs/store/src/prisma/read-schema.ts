/** The part of `schema.prisma` that can be held against a database: tables, columns, keys. */
export interface SchemaTable {
  readonly columns: Readonly<Record<string, string>>;
  readonly primaryKey: readonly string[];
  readonly uniques: readonly string[];
  readonly indexes: readonly string[];
  readonly foreignKeys: readonly string[];
}

const POSTGRES_TYPES: Readonly<Record<string, string>> = {
  String: 'text',
  Int: 'int4',
  BigInt: 'int8',
  Boolean: 'bool',
  Json: 'jsonb',
  Bytes: 'bytea',
  DateTime: 'timestamp',
};

interface Field {
  readonly name: string;
  readonly type: string;
  readonly rest: string;
}

/** Reads models in the form in which `prisma format` leaves them, by table name. */
export function readSchema(text: string): Record<string, SchemaTable> {
  const models = [...text.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm)].map((match) => ({ name: match[1] ?? '', body: match[2] ?? '' }));
  const tableOf = new Map(models.map(({ name, body }) => [name, /@@map\("(\w+)"\)/.exec(body)?.[1] ?? name]));
  return Object.fromEntries(models.map(({ name, body }) => [tableOf.get(name) ?? name, readModel(body, tableOf, models)]));
}

function readModel(body: string, tableOf: ReadonlyMap<string, string>, models: readonly { name: string; body: string }[]): SchemaTable {
  const fields = fieldsOf(body);
  const columnOf = columnNames(fields);
  const scalars = fields.filter((field) => bareType(field.type) in POSTGRES_TYPES);
  const columnsIn = (list: string): string => list.split(',').map((field) => columnOf.get(/\w+/.exec(field)?.[0] ?? '') ?? '?').join(', ');
  const block = (name: string): string[] => [...body.matchAll(new RegExp(`@@${name}\\(\\[(.*?)\\](?:,|\\))`, 'g'))].map((match) => columnsIn(match[1] ?? ''));
  const marked = (mark: RegExp): string[] => scalars.filter((field) => mark.test(field.rest)).map((field) => columnOf.get(field.name) ?? '');
  return {
    columns: Object.fromEntries(scalars.map((field) => [columnOf.get(field.name), postgresType(field)])),
    primaryKey: [...marked(/@id\b/), ...block('id').flatMap((list) => list.split(', '))],
    uniques: [...marked(/@unique\b/), ...block('unique')].sort(),
    indexes: block('index').sort(),
    foreignKeys: fields.flatMap((field) => foreignKeyOf(field, columnsIn, tableOf, models)).sort(),
  };
}

function foreignKeyOf(
  field: Field,
  columnsIn: (list: string) => string,
  tableOf: ReadonlyMap<string, string>,
  models: readonly { name: string; body: string }[],
): string[] {
  const relation = /@relation\(fields: \[(.*?)\], references: \[(.*?)\], onDelete: (\w+)/.exec(field.rest);
  if (relation === null) return [];
  const target = bareType(field.type);
  const targetColumns = columnNames(fieldsOf(models.find((model) => model.name === target)?.body ?? ''));
  const references = (relation[2] ?? '').split(', ').map((name) => targetColumns.get(name)).join(', ');
  return [`(${columnsIn(relation[1] ?? '')}) -> ${tableOf.get(target) ?? '?'}(${references}) on delete ${relation[3]?.toLowerCase() ?? ''}`];
}

function fieldsOf(body: string): Field[] {
  return [...body.matchAll(/^ {2}(\w+) +([\w[\]?]+)(.*)$/gm)].map((match) => ({ name: match[1] ?? '', type: match[2] ?? '', rest: match[3] ?? '' }));
}

function columnNames(fields: readonly Field[]): Map<string, string> {
  return new Map(fields.map((field) => [field.name, /@map\("(\w+)"\)/.exec(field.rest)?.[1] ?? field.name]));
}

function bareType(type: string): string {
  return type.replace(/\?|\[\]/, '');
}

/** `text`, `uuid null`, `int8 default`. */
function postgresType(field: Field): string {
  const native = /@db\.(\w+)/.exec(field.rest)?.[1]?.toLowerCase();
  return [
    native ?? POSTGRES_TYPES[bareType(field.type)],
    ...(field.type.endsWith('?') ? ['null'] : []),
    ...(/@default\(/.test(field.rest) ? ['default'] : []),
  ].join(' ');
}
