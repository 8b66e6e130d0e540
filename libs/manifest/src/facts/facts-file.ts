import canonicalize from 'canonicalize';
import type { SchemaNode } from '../schema/schema-node.ts';
import type { KindFacts, VersionFacts } from './kind-facts.ts';

/** Where facts come from: a published module at a version, and its licence. */
export interface FactsSource {
  readonly module: string;
  readonly version: string;
  readonly licence: string;
}

/** A generated facts file. Inside a kind, a version whose schema equals that of an earlier one names that version instead. */
export interface FactsFile {
  readonly source: FactsSource;
  readonly kinds: readonly StoredKind[];
}

interface StoredKind extends Omit<KindFacts, 'versions'> {
  readonly versions: readonly StoredVersion[];
}

interface StoredVersion extends Omit<VersionFacts, 'schema'> {
  readonly schema: SchemaNode | string;
}

/** The text of a facts file: one kind a line, keys sorted, so that the same facts always make the same bytes. */
export function encodeFacts(source: FactsSource, kinds: readonly KindFacts[]): string {
  const sorted = [...kinds].sort((a, b) => (`${a.group}/${a.kind}` < `${b.group}/${b.kind}` ? -1 : 1));
  const lines = sorted.map((kind) => canonicalize({ ...kind, versions: foldVersions(kind.versions) }) ?? '');
  return `{"source":${canonicalize(source) ?? ''},"kinds":[\n${lines.join(',\n')}\n]}\n`;
}

function foldVersions(versions: readonly VersionFacts[]): StoredVersion[] {
  const first = new Map<string, string>();
  return versions.map((version) => {
    const text = canonicalize(version.schema) ?? '';
    const equal = first.get(text);
    if (equal === undefined) first.set(text, version.name);
    return { ...version, schema: equal ?? version.schema };
  });
}

/** The kinds of a facts file, with shared schemas put back in place. */
export function decodeFacts(file: FactsFile): readonly KindFacts[] {
  return file.kinds.map((kind) => {
    const schemas = new Map<string, SchemaNode>();
    const versions = kind.versions.map((version): VersionFacts => {
      const schema = typeof version.schema === 'string' ? (schemas.get(version.schema) ?? {}) : version.schema;
      schemas.set(version.name, schema);
      return { ...version, schema };
    });
    return { ...kind, versions };
  });
}
