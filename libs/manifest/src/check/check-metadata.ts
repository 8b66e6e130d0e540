import { CONTENT_ANNOTATION, MANAGED_LABEL, ORIGIN_ANNOTATION, POLICY_ANNOTATION } from '@meshfleet/model';
import type { Json, JsonObject } from '@meshfleet/model';
import type { KindFacts } from '../facts/kind-facts.ts';
import { problem } from '../parse/manifest-problem.ts';
import type { ManifestProblem } from '../parse/manifest-problem.ts';
import type { ParsedDocument } from '../parse/parse-manifests.ts';
import { dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from '../schema/object-names.ts';
import { closestWord } from './closest-word.ts';

export interface CheckedMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly finalizers: readonly string[];
}

const KEPT = ['name', 'generateName', 'namespace', 'labels', 'annotations', 'finalizers'];
/** What a server sets, or what binds an object to the one cluster that it was read from. */
const SERVER_SET = [
  'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'managedFields', 'selfLink',
  'ownerReferences', 'clusterName',
];
/** What writes of others leave on an object: kubectl's, and those of the agent that holds it in the cluster that it was read from. */
const WRITERS_LABELS = [MANAGED_LABEL];
const WRITERS_ANNOTATIONS = ['kubectl.kubernetes.io/last-applied-configuration', POLICY_ANNOTATION, ORIGIN_ANNOTATION, CONTENT_ANNOTATION];
const MAX_ANNOTATION_BYTES = 256 * 1024;

export interface MetadataReports {
  readonly problems: ManifestProblem[];
  readonly warnings: ManifestProblem[];
}

/** The metadata that an object keeps; undefined when it cannot be told which object is meant. */
export function checkMetadata(document: ParsedDocument, facts: KindFacts, defaultNamespace: string | undefined, out: MetadataReports): CheckedMetadata | undefined {
  const metadata = document.value['metadata'] ?? {};
  const say = (path: string, summary: string, why: string, fix: string): void => void out.problems.push(problem('MANIFEST_INVALID', document.locate(path), summary, why, fix));
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    say('metadata', 'metadata is not a mapping', 'It holds name, namespace, labels and annotations.', 'Write it as a mapping.');
    return undefined;
  }
  const before = out.problems.length;
  const fields = metadata as JsonObject;
  reportForeignFields(document, fields, out);
  const name = checkName(fields, facts, say);
  const namespace = checkNamespace(fields, facts, defaultNamespace, say);
  const labels = checkPairs(fields['labels'], 'metadata.labels', labelValue, say);
  const annotations = checkPairs(fields['annotations'], 'metadata.annotations', () => [], say);
  strip(labels, WRITERS_LABELS, (key) => stripped(document, `metadata.labels.${key}`, `The label ${key} is left out`), out);
  strip(annotations, WRITERS_ANNOTATIONS, (key) => stripped(document, `metadata.annotations.${key}`, `The annotation ${key} is left out`), out);
  if (Buffer.byteLength(Object.entries(annotations).flat().join('')) > MAX_ANNOTATION_BYTES) {
    say('metadata.annotations', 'The annotations are too large', 'Kubernetes takes 256 KiB of annotations per object.', 'Move the data elsewhere.');
  }
  const finalizers = checkFinalizers(fields['finalizers'], say);
  if (out.problems.length > before || name === undefined || namespace === undefined) return undefined;
  return { name, namespace, labels, annotations, finalizers };
}

function strip(pairs: Record<string, string>, names: readonly string[], warn: (name: string) => ManifestProblem, out: MetadataReports): void {
  for (const name of names) {
    if (!(name in pairs)) continue;
    delete pairs[name];
    out.warnings.push(warn(name));
  }
}

type Say = (path: string, summary: string, why: string, fix: string) => void;

function checkName(fields: JsonObject, facts: KindFacts, say: Say): string | undefined {
  const name = fields['name'];
  if (fields['generateName'] !== undefined) {
    say('metadata.generateName', 'generateName cannot be used in a policy', 'Each cluster would make up a name of its own, and no later version of the policy could find the object again.', 'Give the object a name.');
    return undefined;
  }
  if (name === undefined || name === null || name === '') {
    say('metadata', `The ${facts.kind} has no name`, 'Objects are told apart by kind, namespace and name.', 'Add metadata.name.');
    return undefined;
  }
  if (typeof name !== 'string') {
    say('metadata.name', `The name ${JSON.stringify(name)} is not text`, 'YAML reads it as a number or a truth value.', 'Put quotes around it.');
    return undefined;
  }
  const [wrong] = dns1123Subdomain(name);
  if (wrong !== undefined) say('metadata.name', `"${name}" cannot be the name of an object`, `Kubernetes wants: ${wrong}`, 'Choose another name.');
  return name;
}

function checkNamespace(fields: JsonObject, facts: KindFacts, defaultNamespace: string | undefined, say: Say): string | undefined {
  const given = fields['namespace'];
  const namespace = given === null || given === '' ? undefined : given;
  if (facts.scope === 'Cluster') {
    if (namespace === undefined) return '';
    say('metadata.namespace', `A ${facts.kind} belongs to the whole cluster and has no namespace`, `${facts.kind} is a cluster-scoped kind.`, 'Remove metadata.namespace.');
    return undefined;
  }
  if (namespace === undefined) {
    if (defaultNamespace !== undefined) return defaultNamespace;
    say('metadata', `The ${facts.kind} has no namespace`, 'It would land in whatever namespace the reader of the text happens to use; a policy leaves nothing to such chance.', 'Add metadata.namespace, or give the policy a default namespace.');
    return undefined;
  }
  if (typeof namespace !== 'string') {
    say('metadata.namespace', `The namespace ${JSON.stringify(namespace)} is not text`, 'YAML reads it as a number or a truth value.', 'Put quotes around it.');
    return undefined;
  }
  const [wrong] = dns1123Label(namespace);
  if (wrong !== undefined) say('metadata.namespace', `"${namespace}" cannot be the name of a namespace`, `Kubernetes wants: ${wrong}`, 'Correct the namespace.');
  return namespace;
}

function checkPairs(value: Json | undefined, path: string, checkValue: (text: string) => string[], say: Say): Record<string, string> {
  const pairs: Record<string, string> = {};
  if (value === undefined || value === null) return pairs;
  const what = path.slice('metadata.'.length, -1);
  if (typeof value !== 'object' || Array.isArray(value)) {
    say(path, `${path} is not a mapping`, `Each ${what} is a key with a text.`, 'Write it as a mapping.');
    return pairs;
  }
  for (const [key, one] of Object.entries(value as JsonObject)) {
    const at = `${path}.${key}`;
    const [wrongKey] = qualifiedName(path === 'metadata.annotations' ? key.toLowerCase() : key);
    if (wrongKey !== undefined) say(at, `"${key}" cannot be the key of a${what === 'annotation' ? 'n' : ''} ${what}`, `Kubernetes wants: ${wrongKey}`, 'Correct the key.');
    if (typeof one !== 'string') {
      say(at, `The ${what} ${key} is not text but ${JSON.stringify(one)}`, 'Kubernetes takes only text here, and YAML reads the value as something else.', 'Put quotes around the value, as you wrote it.');
      continue;
    }
    const [wrong] = checkValue(one);
    if (wrong !== undefined) say(at, `"${one}" cannot be the value of a ${what}`, `Kubernetes wants: ${wrong}`, 'Correct the value, or use an annotation.');
    pairs[key] = one;
  }
  return pairs;
}

function reportForeignFields(document: ParsedDocument, fields: JsonObject, out: MetadataReports): void {
  for (const field of Object.keys(fields)) {
    if (KEPT.includes(field)) continue;
    if (SERVER_SET.includes(field)) {
      out.warnings.push(stripped(document, `metadata.${field}`, `metadata.${field} is left out`));
      continue;
    }
    const near = closestWord(field, [...KEPT, ...SERVER_SET]);
    out.problems.push(problem('MANIFEST_INVALID', document.locate(`metadata.${field}`), `metadata has no field "${field}"`, 'Kubernetes would drop it without a word, or refuse the object.', near === undefined ? 'Remove it.' : `Did you mean "${near}"?`));
  }
}

/** A warning about something that is in the text but will not be in the cluster. */
export function stripped(document: ParsedDocument, path: string, summary: string): ManifestProblem {
  return problem('MANIFEST_STRIPPED', document.locate(path), summary, 'It was written by the cluster that the object was read from, and means nothing in another.', 'Nothing to do; remove it from the text to be rid of this note.');
}

function checkFinalizers(value: Json | undefined, say: Say): string[] {
  if (value === undefined || value === null) return [];
  const list = Array.isArray(value) ? (value as readonly Json[]) : [];
  const texts = list.filter((one): one is string => typeof one === 'string');
  if (!Array.isArray(value) || texts.length < list.length) {
    say('metadata.finalizers', 'metadata.finalizers is not a list of texts', 'Each finalizer is the name of a controller that has to clean up first.', 'Write a list of names, or remove it.');
  }
  return texts;
}
