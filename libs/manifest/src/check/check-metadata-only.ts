import type { Json, JsonObject, KubeObject, ObjectKey } from '@meshfleet/model';
import { isMetadataKind, parseApiVersion } from '@meshfleet/model';
import type { KindFacts } from '../facts/kind-facts.ts';
import { problem } from '../parse/manifest-problem.ts';
import type { ParsedDocument } from '../parse/parse-manifests.ts';
import { checkMetadata, stripped } from './check-metadata.ts';
import type { CheckedMetadata, MetadataReports } from './check-metadata.ts';

/** Whether a document is of a kind whose objects policies label and annotate, and leave to their owners otherwise. */
export function isMetadataDocument({ value }: ParsedDocument): boolean {
  const { apiVersion, kind } = value;
  return typeof apiVersion === 'string' && typeof kind === 'string' && isMetadataKind(parseApiVersion(apiVersion).group, kind);
}

/** The labels and annotations that a document asks for, and nothing else; undefined after reporting what else it holds. */
export function checkMetadataOnly(document: ParsedDocument, defaultNamespace: string | undefined, out: MetadataReports): { readonly key: ObjectKey; readonly object: KubeObject } | undefined {
  const { group, version } = parseApiVersion(String(document.value['apiVersion']));
  const kind = String(document.value['kind']);
  if (version !== 'v1') {
    out.problems.push(problem('MANIFEST_UNKNOWN_KIND', document.locate('apiVersion'), `${kind} has no version "${version}"`, 'The version of this kind is v1.', `Write apiVersion: ${group === '' ? 'v1' : `${group}/v1`}.`));
    return undefined;
  }
  const facts = factsOf(group, kind);
  const foreign = foreignField(document.value, group === 'apps');
  if (foreign !== undefined) {
    out.problems.push(
      problem(
        'MANIFEST_KIND_NOT_MANAGED',
        document.locate(foreign),
        `Policies set labels and annotations of a ${kind}, and leave ${foreign} alone`,
        'The object is somebody else’s, who deploys it. What a policy adds to it is given up again when the policy goes.',
        group === 'apps' ? 'Keep metadata, and spec.template.metadata, with labels and annotations alone.' : 'Keep metadata with labels and annotations alone.',
      ),
    );
    return undefined;
  }
  if (document.value['status'] !== undefined) out.warnings.push(stripped(document, 'status', 'status is left out'));
  const metadata = checkMetadata(document, facts, defaultNamespace, out);
  const template = group === 'apps' ? checkTemplate(document, facts, out) : undefined;
  if (metadata === undefined || template === 'refused') return undefined;
  const { name, namespace } = metadata;
  const marks = marksOf(metadata);
  const templateMarks = template === undefined ? {} : marksOf(template);
  if (Object.keys(marks).length + Object.keys(templateMarks).length === 0) {
    out.problems.push(problem('MANIFEST_INVALID', document.locate('metadata'), `The ${kind} ${name} is given neither label nor annotation`, 'Labels and annotations are all that a policy sets of it, so it would do nothing.', 'Add a label or an annotation, or remove the document.'));
    return undefined;
  }
  const object: KubeObject = {
    apiVersion: String(document.value['apiVersion']),
    kind,
    metadata: { name, ...(namespace === '' ? {} : { namespace }), ...marks },
    ...(Object.keys(templateMarks).length === 0 ? {} : { spec: { template: { metadata: templateMarks } } }),
  };
  return { key: { group, kind, namespace, name }, object };
}

function factsOf(group: string, kind: string): KindFacts {
  const scope = kind === 'Namespace' ? 'Cluster' : 'Namespaced';
  return { group, kind, plural: '', singular: '', scope, shortNames: [], categories: [], versions: [] };
}

/** Path of the first field that is none of a policy's business. */
function foreignField(value: JsonObject, isWorkload: boolean): string | undefined {
  const top = extra(value, ['apiVersion', 'kind', 'metadata', 'status', ...(isWorkload ? ['spec'] : [])]);
  if (top !== undefined) return top;
  const metadata = mapping(value['metadata']);
  if (metadata !== undefined && nonEmpty(metadata['finalizers'])) return 'metadata.finalizers';
  if (!isWorkload || value['spec'] === undefined || value['spec'] === null) return undefined;
  const spec = mapping(value['spec']);
  if (spec === undefined) return 'spec';
  const inSpec = extra(spec, ['template']);
  if (inSpec !== undefined) return `spec.${inSpec}`;
  const template = mapping(spec['template']);
  if (template === undefined) return spec['template'] === undefined ? undefined : 'spec.template';
  const inTemplate = extra(template, ['metadata']);
  if (inTemplate !== undefined) return `spec.template.${inTemplate}`;
  const inMetadata = extra(mapping(template['metadata']) ?? {}, ['labels', 'annotations', 'creationTimestamp']);
  return inMetadata === undefined ? undefined : `spec.template.metadata.${inMetadata}`;
}

/** The metadata of a workload's pods, checked by the same rules. */
function checkTemplate(document: ParsedDocument, facts: KindFacts, out: MetadataReports): CheckedMetadata | undefined | 'refused' {
  const found = mapping(mapping(mapping(document.value['spec'])?.['template'])?.['metadata']);
  if (found === undefined) return undefined;
  const pods: ParsedDocument = { ...document, value: { metadata: { ...found, name: 'pods' } }, locate: (path) => document.locate(`spec.template.${path}`) };
  return checkMetadata(pods, { ...facts, scope: 'Cluster' }, undefined, out) ?? 'refused';
}

function marksOf({ labels, annotations }: CheckedMetadata): Pick<KubeObject['metadata'], 'labels' | 'annotations'> {
  return {
    ...(Object.keys(labels).length === 0 ? {} : { labels: { ...labels } }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations: { ...annotations } }),
  };
}

/** A field that is set and not among the known ones. */
function extra(value: JsonObject, known: readonly string[]): string | undefined {
  return Object.entries(value).find(([field, one]) => !known.includes(field) && one !== null)?.[0];
}

function mapping(value: Json | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

function nonEmpty(value: Json | undefined): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}
