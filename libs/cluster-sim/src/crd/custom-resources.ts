import { createHash } from 'node:crypto';
import type { JsonObject, KubeObject } from '@meshfleet/model';
import type { SchemaNode as StructuralSchema } from '@meshfleet/manifest';
import type { Fields } from '../kinds/field.ts';
import { listAt, mapAt, numberAt, textAt, textsAt } from '../kinds/field.ts';
import { builtinSchema } from '../kinds/builtin-schema.ts';
import type { CustomResource } from '../kinds/registry.ts';
import type { PrinterColumn, ResourceInfo, SchemaNode, Subresource } from '../seam.ts';

const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const NAME: PrinterColumn = { name: 'Name', type: 'string', format: 'name', priority: 0, render: (object) => object.metadata.name ?? '' };
const AGE: PrinterColumn = { name: 'Age', type: 'date', format: '', priority: 0, jsonPath: '.metadata.creationTimestamp' };
const STRUCTURAL_TEXT: StructuralSchema = { type: 'string' };

interface SharedSchema {
  readonly structural: StructuralSchema;
  readonly typed: SchemaNode;
  readonly published: JsonObject;
}

/** Schemas by the hash of their text: a hundred clusters with Istio's CRDs compile each schema once. */
const shared = new Map<string, SharedSchema>();
const structuralOf = new WeakMap<ResourceInfo, StructuralSchema>();

/** The structural schema behind a custom resource, as the schema engine takes it. */
export function structuralSchema(info: ResourceInfo): StructuralSchema | undefined {
  return structuralOf.get(info);
}

/** What a CustomResourceDefinition serves: one resource per version with `served: true`, newest first as discovery orders them. */
export function customResourcesOf(crd: KubeObject): CustomResource[] {
  const storageVersion = textAt(listAt(crd, 'spec', 'versions').find((version) => version['storage'] === true), 'name') ?? '';
  return listAt(crd, 'spec', 'versions')
    .filter((version) => version['served'] === true)
    .toSorted((a, b) => compareVersions(textAt(a, 'name') ?? '', textAt(b, 'name') ?? ''))
    .map((version) => customResource(crd, version, storageVersion));
}

function customResource(crd: KubeObject, version: Fields, storageVersion: string): CustomResource {
  const names = mapAt(crd, 'spec', 'names');
  const kind = textAt(names, 'kind') ?? '';
  const subresources = mapAt(version, 'subresources');
  const scale = mapAt(subresources, 'scale');
  const hasScale = subresources['scale'] !== undefined;
  const selectable = listAt(version, 'selectableFields').map((field) => textAt(field, 'jsonPath') ?? '');
  const labelSelectorPath = textAt(scale, 'labelSelectorPath');
  const info: ResourceInfo = Object.freeze({
    group: textAt(crd, 'spec', 'group') ?? '',
    version: textAt(version, 'name') ?? '',
    kind,
    listKind: textAt(names, 'listKind') ?? `${kind}List`,
    plural: textAt(names, 'plural') ?? '',
    singular: textAt(names, 'singular') || kind.toLowerCase(),
    shortNames: [...textsAt(names, 'shortNames')],
    categories: [...textsAt(names, 'categories')],
    namespaced: textAt(crd, 'spec', 'scope') === 'Namespaced',
    verbs: VERBS,
    subresources: [...(subresources['status'] === undefined ? [] : ['status']), ...(hasScale ? ['scale'] : [])] as Subresource[],
    storageVersion,
    custom: true,
    printerColumns: printerColumns(version),
    ...(hasScale
      ? {
          scale: {
            specReplicasPath: textAt(scale, 'specReplicasPath') ?? '',
            statusReplicasPath: textAt(scale, 'statusReplicasPath') ?? '',
            ...(labelSelectorPath === undefined ? {} : { labelSelectorPath }),
          },
        }
      : {}),
    ...(selectable.length === 0 ? {} : { selectableFields: selectable }),
  });
  const schema = shareSchema(mapAt(version, 'schema', 'openAPIV3Schema'));
  structuralOf.set(info, schema.structural);
  return { info, schema: schema.typed, published: schema.published };
}

function shareSchema(raw: Fields): SharedSchema {
  const hash = createHash('sha256').update(JSON.stringify(raw)).digest('base64');
  const known = shared.get(hash);
  if (known) return known;
  // Validated as a structural schema when the CRD was written.
  const structural = raw as StructuralSchema;
  const meta = builtinSchema(OBJECT_META) ?? {};
  const typed = { ...raw, properties: { ...mapAt(raw, 'properties'), apiVersion: STRUCTURAL_TEXT, kind: STRUCTURAL_TEXT, metadata: meta } } as SchemaNode;
  const published = {
    ...raw,
    properties: { ...mapAt(raw, 'properties'), apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { allOf: [{ $ref: `#/components/schemas/${OBJECT_META}` }] } },
  } as JsonObject;
  const result = { structural, typed, published };
  shared.set(hash, result);
  return result;
}

function printerColumns(version: Fields): PrinterColumn[] {
  const own = listAt(version, 'additionalPrinterColumns');
  if (own.length === 0) return [NAME, AGE];
  const columns = own.map((column): PrinterColumn => {
    const description = textAt(column, 'description');
    return {
      name: textAt(column, 'name') ?? '',
      type: textAt(column, 'type') ?? 'string',
      format: textAt(column, 'format') ?? '',
      priority: numberAt(column, 'priority') ?? 0,
      jsonPath: textAt(column, 'jsonPath') ?? '',
      ...(description === undefined ? {} : { description }),
    };
  });
  return [NAME, ...columns];
}

/** Kubernetes' order of versions: general availability before beta before alpha, higher numbers first, odd names last. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [rank(a), rank(b)];
  for (let index = 0; index < left.length; index += 1) {
    const difference = (right[index] ?? 0) - (left[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function rank(version: string): number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return [0, 0, 0];
  const stability = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1;
  return [stability, Number(match[1]), Number(match[3] ?? 0)];
}

