import type { Json, JsonObject } from '@meshfleet/model';
import { parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { convertYaml } from './convert-yaml.ts';
import type { ConversionFault } from './convert-yaml.ts';
import { offsetOf, parsePath } from './locate-path.ts';
import { jsonOffsetOf, readJsonOffsets } from './json-offsets.ts';
import type { JsonOffsets } from './json-offsets.ts';
import { createLineIndex } from './line-index.ts';
import { problem } from './manifest-problem.ts';
import type { ManifestProblem, Position } from './manifest-problem.ts';
import { jsonBytes } from './json-bytes.ts';
import { scanJson } from './scan-json.ts';
import { splitDocuments } from './split-documents.ts';
import type { TextDocument } from './split-documents.ts';
import { faultProblem, notYamlProblem, templatedProblem, templateLine } from './syntax-problems.ts';
import { unstorableAt, unstorablePath } from './unstorable-text.ts';
import { unwrapLists } from './unwrap-lists.ts';

export interface ParseOptions {
  /** Of the whole text, in UTF-16 code units; 32 Mi by default. */
  readonly maxLength?: number;
  /** 10,000 by default. Items of lists count too. */
  readonly maxDocuments?: number;
  /** Of one object as JSON, in bytes. etcd refuses requests over 1.5 MiB; the default of 1,500,000 leaves room for what the API server adds. */
  readonly maxObjectBytes?: number;
}

/** One object out of a text, with the way back to its lines. */
export interface ParsedDocument {
  /** One-based among the documents that have content. */
  readonly document: number;
  /** Index within a `kind: List`, when the object comes from one. */
  readonly item?: number;
  readonly value: JsonObject;
  readonly line: number;
  readonly column: number;
  /** Where a field stands, or the nearest field around it. Paths are written as in API server errors. */
  locate(path: string): Position;
}

export interface ParseResult {
  readonly documents: readonly ParsedDocument[];
  readonly problems: readonly ManifestProblem[];
}

const DEFAULTS = { maxLength: 32 * 1024 * 1024, maxDocuments: 10_000, maxObjectBytes: 1_500_000 };
const YAML_OPTIONS = { schema: 'failsafe', uniqueKeys: false, prettyErrors: false, merge: false, logLevel: 'silent', stringKeys: false } as const;

/**
 * Reads manifests as users paste them: YAML with one document or many, JSON, JSON in a row or in an array, lists.
 * Never throws for what the text holds: each thing wrong is a problem, and the sound documents are still there.
 */
export function parseManifests(text: string, options: ParseOptions = {}): ParseResult {
  const limits = { ...DEFAULTS, ...options };
  if (text.length > limits.maxLength) return { documents: [], problems: [tooLongText(limits.maxLength)] };
  const clean = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  return parseJson(clean, limits) ?? parseYaml(clean, limits);
}

type Limits = Required<ParseOptions>;

function parseYaml(text: string, limits: Limits): ParseResult {
  const pieces = splitDocuments(text);
  const documents: ParsedDocument[] = [];
  const problems: ManifestProblem[] = [];
  // Locating reads a document again; the last one read is kept, as problems come in order.
  let last: { piece: TextDocument; document: Document } | undefined;
  for (const [i, piece] of pieces.entries()) {
    if (documents.length >= limits.maxDocuments) {
      problems.push(tooMany(limits.maxDocuments, { document: i + 1, line: piece.line, column: 1 }));
      break;
    }
    const position = createLineIndex(piece.text, piece.line);
    const at = (offset: number): Position => ({ document: i + 1, ...position(offset) });
    const result = parsePiece(piece, limits, at);
    if ('problems' in result) {
      problems.push(...result.problems);
      continue;
    }
    const { value, document } = result;
    last = { piece, document };
    const locate = (path: string): Position => {
      if (last?.piece !== piece) last = { piece, document: parseDocument(piece.text, YAML_OPTIONS) };
      return at(offsetOf(last.document, parsePath(path, value)));
    };
    collect(value, i + 1, locate, limits, documents, problems);
  }
  return { documents, problems };
}

function parsePiece(piece: TextDocument, limits: Limits, at: (offset: number) => Position): { value: Json; document: Document } | { problems: ManifestProblem[] } {
  const start = at(piece.text.search(/[^\s-]/) === -1 ? 0 : contentOffset(piece.text));
  // Indentation makes YAML longer than its JSON, hardly ever fourfold.
  if (piece.text.length > limits.maxObjectBytes * 4 && !/^kind:\s*\w*List\s*$/m.test(piece.text)) return { problems: [tooLongDocument(limits.maxObjectBytes, start)] };
  const unstorable = unstorableAt(piece.text);
  if (unstorable !== -1) return { problems: [notStorable(at(unstorable))] };
  const templated = templateLine(piece.text);
  let document: Document;
  const faults: ConversionFault[] = [];
  let value: Json;
  try {
    document = parseDocument(piece.text, YAML_OPTIONS);
    value = document.errors.length > 0 ? null : convertYaml(document, piece.text, faults);
  } catch (error) {
    return { problems: [notYamlProblem(start, 'RESOURCE_EXHAUSTION', error instanceof RangeError ? 'it is nested too deeply' : String(error))] };
  }
  const [error] = document.errors;
  if (error !== undefined) {
    if (templated !== undefined) return { problems: [templatedProblem(at(templated))] };
    // What is missing at the end is missing on the last line that has anything.
    const offset = Math.min(error.pos[0], Math.max(piece.text.trimEnd().length - 1, 0));
    return { problems: [notYamlProblem(at(offset), error.code, error.message)] };
  }
  if (templated !== undefined && faults.some((fault) => fault.kind === 'complex-key')) return { problems: [templatedProblem(at(templated))] };
  if (faults.length > 0) return { problems: faults.map((fault) => faultProblem(fault, at)) };
  return { value, document };
}

/** JSON in all the forms people paste; undefined when the text is something else. */
function parseJson(text: string, limits: Limits): ParseResult | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  const slices = scanJson(text);
  if (slices === undefined) return undefined;
  const documents: ParsedDocument[] = [];
  const problems: ManifestProblem[] = [];
  const position = createLineIndex(text, 1);
  for (const [i, slice] of slices.entries()) {
    const at = (offset: number): Position => ({ document: i + 1, ...position(offset) });
    if (documents.length >= limits.maxDocuments) {
      problems.push(tooMany(limits.maxDocuments, at(slice.start)));
      break;
    }
    if (slice.tooDeep !== undefined) {
      problems.push(faultProblem({ kind: 'depth', offset: slice.tooDeep, subject: '' }, at));
      continue;
    }
    const part = text.slice(slice.start, slice.end);
    let value: Json;
    try {
      value = JSON.parse(part) as Json;
    } catch {
      // Flow-style YAML looks like JSON up to here.
      return undefined;
    }
    const [twice] = slice.duplicates;
    if (twice !== undefined) {
      problems.push(faultProblem({ kind: 'duplicate-key', offset: twice.second, subject: twice.key, other: twice.first }, at));
      continue;
    }
    let offsets: JsonOffsets | undefined;
    const locate = (path: string): Position => {
      if (path === '') return at(slice.start);
      offsets ??= readJsonOffsets(part);
      return at(slice.start + jsonOffsetOf(offsets, parsePath(path, value)));
    };
    collect(value, i + 1, locate, limits, documents, problems);
  }
  return { documents, problems };
}

function collect(value: Json, document: number, locate: (path: string) => Position, limits: Limits, documents: ParsedDocument[], problems: ManifestProblem[]): void {
  if (value === null) return;
  if (typeof value !== 'object' || Array.isArray(value)) {
    problems.push(problem('MANIFEST_INVALID', locate(''), `Document ${document} is not an object`, `It is ${Array.isArray(value) ? 'a list' : 'plain text'}; a manifest is a mapping with apiVersion, kind and metadata.`, 'Write one Kubernetes object per document.'));
    return;
  }
  for (const one of unwrapLists(value as JsonObject)) {
    const at = locate(one.path);
    if (documents.length >= limits.maxDocuments) {
      problems.push(tooMany(limits.maxDocuments, at));
      return;
    }
    if (typeof one.value !== 'object' || one.value === null || Array.isArray(one.value)) {
      problems.push(problem('MANIFEST_INVALID', at, `Item ${one.item ?? 0} of the list in document ${document} is not an object`, 'Every item of a list is a Kubernetes object.', 'Remove the item, or write it out as an object.'));
    } else if (jsonBytes(one.value, limits.maxObjectBytes) > limits.maxObjectBytes) {
      problems.push(tooLarge(limits.maxObjectBytes, at));
    } else {
      const prefix = one.path;
      const locateIn = (path: string): Position => locate(prefix === '' ? path : path === '' ? prefix : `${prefix}${path.startsWith('[') ? '' : '.'}${path}`);
      const unstorable = unstorablePath(one.value as JsonObject);
      if (unstorable !== undefined) {
        problems.push(notStorable(locateIn(unstorable)));
        continue;
      }
      documents.push({
        document,
        ...(one.item === undefined ? {} : { item: one.item }),
        value: one.value as JsonObject,
        line: at.line,
        column: at.column,
        locate: locateIn,
      });
    }
  }
}

function contentOffset(text: string): number {
  const lines = text.split('\n');
  let offset = 0;
  for (const line of lines) {
    if (!/^(?:---|%)|^[ \t]*(?:#.*)?$/.test(line)) return offset + line.search(/\S/);
    offset += line.length + 1;
  }
  return 0;
}

function tooLongText(limit: number): ManifestProblem {
  return problem('MANIFEST_TOO_LARGE', { document: 1, line: 1, column: 1 }, 'The text is too long', `More than ${limit} characters are not read at once.`, 'Split the text over several policies.');
}

function tooMany(limit: number, at: Position): ManifestProblem {
  return problem('LIMIT_EXCEEDED', at, `There are more than ${limit} objects`, 'A policy of this size could not be reviewed or rolled back in one step.', 'Split the objects over several policies.');
}

function tooLongDocument(limit: number, at: Position): ManifestProblem {
  return problem(
    'MANIFEST_TOO_LARGE',
    at,
    `The text of document ${at.document} is too long`,
    `It has more than ${limit * 4} characters, comments included; an object has at most ${limit} bytes as JSON.`,
    'Split the object into several, or leave out what is no part of it.',
  );
}

function notStorable(at: Position): ManifestProblem {
  return problem(
    'MANIFEST_INVALID',
    at,
    `Document ${at.document} holds a character that cannot be stored`,
    'It is U+0000, or half of a character beyond U+FFFF: no file in UTF-8 and no database has them.',
    'Remove it; perhaps the text was cut, or is not text.',
  );
}

function tooLarge(limit: number, at: Position): ManifestProblem {
  return problem(
    'MANIFEST_TOO_LARGE',
    at,
    `The object in document ${at.document} is too large for a cluster`,
    `As JSON it has more than ${limit} bytes; etcd refuses requests over 1.5 MiB, so no API server could store it.`,
    'Split the object into several.',
  );
}
