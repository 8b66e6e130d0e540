import type { KubeObject } from './kubernetes.ts';
import { parseApiVersion } from './kubernetes.ts';
import { metadataOf } from './metadata-only.ts';

// Fields are written as server-side apply names them in its conflicts: `.metadata.labels.istio-injection`.

type Marks = Readonly<Record<string, string>>;

const PLACES = ['.metadata.labels', '.metadata.annotations', '.spec.template.metadata.labels', '.spec.template.metadata.annotations'] as const;
type Place = (typeof PLACES)[number];

/** The labels and annotations that an object sets, of its pod template too if it is a workload: value by field, in one order. */
export function metadataFieldsOf(object: KubeObject): ReadonlyMap<string, string> {
  const marks = marksByPlace(object);
  return new Map(PLACES.flatMap((place) => Object.keys(marks[place]).sort().map((key): [string, string] => [`${place}.${key}`, marks[place][key] ?? ''])));
}

/** An object that sets these fields and no others, of the name and kind of another. */
export function withMetadataFields(like: KubeObject, fields: ReadonlyMap<string, string>): KubeObject {
  const { name, namespace } = like.metadata;
  const at = (place: Place): Marks => Object.fromEntries([...fields].flatMap(([field, value]) => (field.startsWith(`${place}.`) ? [[field.slice(place.length + 1), value]] : [])));
  const template = { ...part('labels', at('.spec.template.metadata.labels')), ...part('annotations', at('.spec.template.metadata.annotations')) };
  return {
    apiVersion: like.apiVersion,
    kind: like.kind,
    metadata: { ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }), ...part('labels', at('.metadata.labels')), ...part('annotations', at('.metadata.annotations')) },
    ...(parseApiVersion(like.apiVersion).group === 'apps' && Object.keys(template).length > 0 ? { spec: { template: { metadata: template } } } : {}),
  };
}

const part = (name: 'labels' | 'annotations', marks: Marks): { readonly labels?: Marks; readonly annotations?: Marks } => (Object.keys(marks).length === 0 ? {} : { [name]: marks });

function marksByPlace(object: KubeObject): Readonly<Record<Place, Marks>> {
  const { metadata, spec } = metadataOf(object) as { readonly metadata: KubeObject['metadata']; readonly spec?: { readonly template: { readonly metadata: Pick<KubeObject['metadata'], 'labels' | 'annotations'> } } }; // as metadataOf makes it
  return {
    '.metadata.labels': metadata.labels ?? {},
    '.metadata.annotations': metadata.annotations ?? {},
    '.spec.template.metadata.labels': spec?.template.metadata.labels ?? {},
    '.spec.template.metadata.annotations': spec?.template.metadata.annotations ?? {},
  };
}
