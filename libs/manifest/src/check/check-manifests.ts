import type { JsonObject, KubeObject, ObjectKey } from '@meshfleet/model';
import { contentHash, formatObjectKey, parseApiVersion } from '@meshfleet/model';
import type { KindCatalogue } from '../catalogue/kind-catalogue.ts';
import { comparePriority } from '../facts/version-priority.ts';
import type { KindFacts, VersionFacts } from '../facts/kind-facts.ts';
import { problem } from '../parse/manifest-problem.ts';
import type { ManifestProblem } from '../parse/manifest-problem.ts';
import { templatedProblem } from '../parse/syntax-problems.ts';
import type { ParsedDocument } from '../parse/parse-manifests.ts';
import { compileSchema } from '../schema/compile-schema.ts';
import { dropNulls } from '../schema/drop-nulls.ts';
import { WHOLE_OBJECT } from '../schema/violation.ts';
import { checkMetadata, stripped } from './check-metadata.ts';
import type { CheckedMetadata } from './check-metadata.ts';
import { checkMetadataOnly, isMetadataDocument } from './check-metadata-only.ts';
import { findDeprecatedFields } from './deprecated-fields.ts';
import { describeUnknownField, describeViolation } from './describe-violation.ts';
import { findTemplate } from './find-template.ts';
import { resolveKind } from './resolve-kind.ts';
import type { ManagedKinds, ResolvedKind } from './resolve-kind.ts';

export interface CheckOptions {
  readonly manages: ManagedKinds;
  /** For namespaced objects that name none. Without it they are refused. */
  readonly defaultNamespace?: string;
  /** Objects stay in the version in which they are written: for catalogues whose word on versions counts for one cluster alone. */
  readonly keepsVersions?: boolean;
}

/** An object as it will be applied: nothing of a server's in it, in the preferred version of its kind. */
export interface CheckedObject {
  readonly key: ObjectKey;
  readonly object: KubeObject;
  /** SHA-256 of the canonical JSON of `object`. */
  readonly hash: string;
  /** Somebody else's object, of which labels and annotations alone are set. */
  readonly mode?: 'METADATA';
  readonly document: number;
  readonly item?: number;
  readonly line: number;
}

export interface CheckResult {
  readonly objects: readonly CheckedObject[];
  /** Reasons to refuse the text. */
  readonly problems: readonly ManifestProblem[];
  /** Things worth knowing, none of which stands in the way. */
  readonly warnings: readonly ManifestProblem[];
}

/** Checks parsed documents against the kinds of a catalogue, as the API servers of the fleet will. */
export function checkManifests(documents: readonly ParsedDocument[], catalogue: KindCatalogue, options: CheckOptions): CheckResult {
  const problems: ManifestProblem[] = [];
  const warnings: ManifestProblem[] = [];
  const objects: CheckedObject[] = [];
  const seen = new Map<string, ParsedDocument>();
  const place = ({ document, item, line }: ParsedDocument) => ({ document, ...(item === undefined ? {} : { item }), line });
  for (const document of documents) {
    if (isMetadataDocument(document)) {
      const found = findTemplate(document.value);
      const checked = found === undefined ? checkMetadataOnly(document, options.defaultNamespace, { problems, warnings }) : undefined;
      if (found !== undefined) problems.push(templatedProblem(document.locate(found)));
      if (checked === undefined || isTwice(formatObjectKey(checked.key), document, seen, problems)) continue;
      objects.push({ ...checked, hash: contentHash(checked.object), mode: 'METADATA', ...place(document) });
      continue;
    }
    const kind = resolveKind(document, catalogue, options.manages);
    if ('code' in kind) {
      problems.push(kind);
      continue;
    }
    const template = findTemplate(document.value);
    if (template !== undefined) {
      problems.push(templatedProblem(document.locate(template)));
      continue;
    }
    const metadata = checkMetadata(document, kind.facts, options.defaultNamespace, { problems, warnings });
    if (metadata === undefined) continue;
    const key: ObjectKey = { group: kind.facts.group, kind: kind.facts.kind, namespace: metadata.namespace, name: metadata.name };
    const name = formatObjectKey(key);
    if (isTwice(name, document, seen, problems)) continue;
    const body = checkBody(document, kind, name, problems, warnings);
    if (body === undefined) continue;
    warnings.push(...findDeprecatedFields(document, catalogue.deprecatedFields.filter((field) => field.group === key.group && field.kind === key.kind), name));
    const version = options.keepsVersions === true ? kind.version : preferredVersion(kind.facts, kind.version);
    noteVersion(document, kind, version, name, warnings);
    const object = assemble(kind.facts, version, metadata, body);
    objects.push({ key, object, hash: contentHash(object), ...place(document) });
  }
  return { objects, problems, warnings };
}

/** The object without status and nulls when it fits its schema; undefined after reporting why it does not. */
function checkBody(document: ParsedDocument, { version }: ResolvedKind, name: string, problems: ManifestProblem[], warnings: ManifestProblem[]): JsonObject | undefined {
  const { status, ...rest } = document.value;
  if (status !== undefined) warnings.push(stripped(document, 'status', 'status is left out'));
  const schema = compileSchema(version.schema);
  const before = problems.length;
  for (const path of schema.prune(rest).pruned) problems.push(describeUnknownField(path, document, schema.node, name));
  // The rules see the object with its defaults, as on the API server; what is kept has only what the user wrote.
  const violations = schema.validate(schema.applyDefaults(rest));
  const blocked = violations.length > 1 || problems.length > before;
  for (const violation of violations) {
    if (blocked && violation.path === WHOLE_OBJECT && violation.message.includes('some validation rules were not checked')) continue;
    problems.push(describeViolation(violation, document, schema.node, name));
  }
  return problems.length > before ? undefined : (dropNulls(rest, schema.node) as JsonObject);
}

/** The most stable served version with the very same schema: `v1` for `v1beta1` and `v1alpha3` of Istio's kinds. */
function preferredVersion(facts: KindFacts, written: VersionFacts): VersionFacts {
  const equal = facts.versions.filter((version) => version.served && !version.deprecated && version.schema === written.schema);
  return equal.sort((a, b) => comparePriority(a.name, b.name))[0] ?? written;
}

function noteVersion(document: ParsedDocument, { facts, version: written }: ResolvedKind, version: VersionFacts, name: string, warnings: ManifestProblem[]): void {
  if (version.name !== written.name) {
    warnings.push(problem('MANIFEST_DEPRECATED', document.locate('apiVersion'), `${facts.group}/${written.name} is an older version of ${facts.kind}`, `Its fields are those of ${version.name}; the object is kept and applied as ${facts.group}/${version.name}.`, `Write apiVersion: ${facts.group}/${version.name}.`, name));
  } else if (written.deprecated) {
    const stored = facts.versions.find((one) => one.storage)?.name ?? '';
    warnings.push(problem('MANIFEST_DEPRECATED', document.locate('apiVersion'), written.deprecationWarning ?? `${facts.group}/${written.name} is deprecated`, `Clusters store ${facts.kind} as ${stored}, whose fields differ.`, `Rewrite the object for ${facts.group}/${stored}.`, name));
  }
}

function assemble(facts: KindFacts, version: VersionFacts, metadata: CheckedMetadata, body: JsonObject): KubeObject {
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...fields } = body;
  return {
    ...fields,
    apiVersion: `${facts.group}/${version.name}`,
    kind: facts.kind,
    metadata: {
      name: metadata.name,
      ...(metadata.namespace === '' ? {} : { namespace: metadata.namespace }),
      ...(Object.keys(metadata.labels).length === 0 ? {} : { labels: { ...metadata.labels } }),
      ...(Object.keys(metadata.annotations).length === 0 ? {} : { annotations: { ...metadata.annotations } }),
      ...(metadata.finalizers.length === 0 ? {} : { finalizers: [...metadata.finalizers] }),
    },
  };
}

/** Notes which object a document is; true after reporting that another document is the same one. */
function isTwice(name: string, document: ParsedDocument, seen: Map<string, ParsedDocument>, problems: ManifestProblem[]): boolean {
  const first = seen.get(name);
  if (first === undefined) seen.set(name, document);
  else problems.push(twice(name, first, document));
  return first !== undefined;
}

function twice(name: string, first: ParsedDocument, second: ParsedDocument): ManifestProblem {
  const versions = [first, second].map((one) => parseApiVersion(String(one.value['apiVersion'])).version);
  const differ = versions[0] === versions[1] ? '' : ` (as ${versions.join(' and ')}, which are versions of one and the same object)`;
  return problem(
    'MANIFEST_DUPLICATE',
    second.locate('metadata.name'),
    `${name} stands twice: on line ${first.line} and on line ${second.line}`,
    `A cluster holds one object of this kind, namespace and name${differ}.`,
    'Remove one of the two documents, or give one another name.',
    name,
  );
}

