import type { Json } from '@meshfleet/model';
import { parsePath } from '../parse/locate-path.ts';
import type { JsonPath } from '../parse/locate-path.ts';
import { problem } from '../parse/manifest-problem.ts';
import type { ManifestProblem } from '../parse/manifest-problem.ts';
import type { ParsedDocument } from '../parse/parse-manifests.ts';
import { childSchema } from '../schema/schema-node.ts';
import type { SchemaNode } from '../schema/schema-node.ts';
import { formatViolation, WHOLE_OBJECT } from '../schema/violation.ts';
import type { SchemaViolation } from '../schema/violation.ts';
import { closestWord } from './closest-word.ts';

/** A schema violation for the person who wrote the text: the API server's words, then what to do. */
export function describeViolation(violation: SchemaViolation, document: ParsedDocument, schema: SchemaNode, object: string): ManifestProblem {
  const choice = choiceViolation(violation, document, schema, object);
  if (choice !== undefined) return choice;
  const at = document.locate(violation.path === WHOLE_OBJECT ? '' : violation.path);
  return problem('MANIFEST_INVALID', at, violation.path === WHOLE_OBJECT ? violation.message : formatViolation(violation), whyOf(violation), fixOf(violation), object);
}

/** "One of these fields, not two": the API server's message names neither the fields nor a path. */
function choiceViolation(violation: SchemaViolation, document: ParsedDocument, schema: SchemaNode, object: string): ManifestProblem | undefined {
  const match = /^Invalid value: "": "(.*)" must validate one and only one schema \(oneOf\)\. (.*)$/.exec(violation.message);
  if (violation.path !== WHOLE_OBJECT || match === null) return undefined;
  const path = match[1] ?? '';
  const steps = parsePath(path, document.value);
  const value = valueAt(document.value, steps);
  const choices = choicesOf(schemaAt(schema, steps), value);
  const set = typeof value === 'object' && value !== null ? choices.filter((field) => Object.hasOwn(value, field)) : [];
  const summary = set.length > 1 ? `${path} sets ${set.join(' and ')}, but only one of them may be set` : `${path} sets none of ${choices.join(', ')}`;
  return problem('MANIFEST_INVALID', document.locate(set[1] === undefined ? path : `${path}.${set[1]}`), choices.length === 0 ? violation.message : summary, `The API server would answer: "${path}" must validate one and only one schema (oneOf). ${match[2] ?? ''}`, choices.length === 0 ? 'Compare the value with the documentation of the field.' : `Set exactly one of ${choices.join(', ')}.`, object);
}

/** The fields among which a oneOf chooses: those that its branches require, alone or inside an anyOf. */
function choicesOf(schema: SchemaNode | undefined, value: Json | undefined): string[] {
  const nodes = schema === undefined ? [] : [schema, ...(schema.allOf ?? [])];
  const sets = nodes.filter((node) => node.oneOf !== undefined).map((node) => [...new Set((node.oneOf ?? []).flatMap((branch) => branch.required ?? []))]);
  const broken = sets.find((fields) => typeof value === 'object' && value !== null && fields.filter((field) => Object.hasOwn(value, field)).length !== 1);
  return broken ?? sets[0] ?? [];
}

function valueAt(value: Json, steps: JsonPath): Json | undefined {
  let at: Json | undefined = value;
  for (const step of steps) at = typeof at === 'object' && at !== null ? (at as Record<string | number, Json>)[step] : undefined;
  return at;
}

function schemaAt(schema: SchemaNode, steps: JsonPath): SchemaNode | undefined {
  let at: SchemaNode | undefined = schema;
  for (const step of steps) at = typeof step === 'number' ? at?.items : childSchema(at, step);
  return at;
}

function whyOf(violation: SchemaViolation): string {
  switch (violation.reason) {
    case 'FieldValueRequired':
      return 'The kind’s schema requires this field.';
    case 'FieldValueTypeInvalid':
      return 'The kind’s schema wants another type of value here.';
    case 'FieldValueNotSupported':
      return 'The kind’s schema takes only the values named.';
    case 'FieldValueDuplicate':
      return 'Entries of this list must differ.';
    case 'FieldValueTooLong':
    case 'FieldValueTooMany':
      return 'The kind’s schema sets a limit here.';
    case 'FieldValueForbidden':
    case 'FieldValueInvalid':
      return 'A rule of the kind’s schema forbids it; every API server that serves the kind would refuse the object.';
  }
}

function fixOf(violation: SchemaViolation): string {
  switch (violation.reason) {
    case 'FieldValueRequired':
      return `Add ${violation.path.split('.').at(-1) ?? violation.path}.`;
    case 'FieldValueNotSupported': {
      const given = /^Unsupported value: "(.*?)"/.exec(violation.message)?.[1];
      const allowed = [...(violation.message.split('supported values: ')[1] ?? '').matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? '');
      const near = given === undefined ? undefined : closestWord(given, allowed);
      return near === undefined ? 'Choose one of the supported values.' : `Did you mean ${near}?`;
    }
    case 'FieldValueTypeInvalid': {
      const match = /must be of type ([\w,-]+): "(\w*)"$/.exec(violation.message);
      if (match?.[1] === 'string') return match[2] === 'object' || match[2] === 'array' ? 'Write a text here.' : 'Put quotes around the value.';
      if (match !== null && match[2] === 'string' && /integer|number|boolean/.test(match[1] ?? '')) return 'Write the value without quotes.';
      if (match?.[1] === 'array') return 'Write a list here: start each entry with a dash.';
      return match === null ? 'Correct the value.' : `Write a value of type ${match[1] ?? ''} here.`;
    }
    case 'FieldValueDuplicate':
      return 'Remove one of the equal entries, or tell them apart.';
    case 'FieldValueTooLong':
    case 'FieldValueTooMany':
      return 'Shorten it.';
    case 'FieldValueForbidden':
    case 'FieldValueInvalid':
      return 'Change the value as the message says.';
  }
}

/** Fields that the schema does not know: the API server would drop them without a word. */
export function describeUnknownField(path: string, document: ParsedDocument, schema: SchemaNode, object: string): ManifestProblem {
  const steps = parsePath(path, document.value);
  const name = String(steps.at(-1) ?? path);
  const parent = schemaAt(schema, steps.slice(0, -1));
  const near = closestWord(name, Object.keys(parent?.properties ?? {}));
  const where = path.slice(0, Math.max(0, path.length - name.length - 1));
  return problem(
    'MANIFEST_INVALID',
    document.locate(path),
    `${where === '' ? 'The object' : where} has no field "${name}"`,
    'The API server would drop it without a word, and the object would not do what it says.',
    near === undefined ? otherHome(name, schema, path) : `Did you mean "${near}"?`,
    object,
  );
}

/** A known field in the wrong place is mostly a matter of indentation. */
function otherHome(name: string, schema: SchemaNode, path: string): string {
  const homes: string[] = [];
  const visit = (node: SchemaNode | undefined, at: string, depth: number): void => {
    if (node === undefined || depth > 6 || homes.length > 0) return;
    for (const [key, child] of Object.entries(node.properties ?? {})) {
      if (key === name) homes.push(at === '' ? key : `${at}.${key}`);
      visit(child, at === '' ? key : `${at}.${key}`, depth + 1);
    }
    visit(node.items, `${at}[]`, depth + 1);
  };
  visit(schema.properties?.['spec'], 'spec', 1);
  const home = homes[0];
  return home === undefined || home === path ? 'Remove it, or check the documentation of the kind for its right name.' : `There is a field ${home}: check the indentation.`;
}
