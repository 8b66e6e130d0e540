import { canonicalJson } from './canonical-json.ts';
import type { KubeObject } from './kubernetes.ts';
import { parseApiVersion, parseObjectKey } from './kubernetes.ts';

/**
 * Kinds of which Meshfleet writes labels and annotations and nothing else: the objects are somebody's own. Must agree with the ClusterRole in
 * deploy/agent.
 */
const METADATA_KINDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['', ['Namespace', 'Service']],
  ['apps', ['DaemonSet', 'Deployment', 'StatefulSet']],
]);

/** Whether objects of a kind are only ever labelled and annotated. */
export const isMetadataKind = (group: string, kind: string): boolean => METADATA_KINDS.get(group)?.includes(kind) === true;

/** The same of an object's key; false where it is none. */
export function isMetadataKey(key: string): boolean {
  const parsed = parseObjectKey(key);
  return parsed !== undefined && isMetadataKind(parsed.group, parsed.kind);
}

/** These kinds as object keys name them: `Deployment.apps`. */
export const METADATA_KIND_NAMES: readonly string[] = [...METADATA_KINDS].flatMap(([group, kinds]) => kinds.map((kind) => (group === '' ? kind : `${kind}.${group}`)));

/** Whether an object is of such a kind, and says nothing but what {@link metadataOf} keeps. */
export function isMetadataOnly(object: KubeObject): boolean {
  return isMetadataKind(parseApiVersion(object.apiVersion).group, object.kind) && canonicalJson(object) === canonicalJson(metadataOf(object));
}

/** The labels and annotations of an object, and of its pod template if it is a workload; all else is left out. */
export function metadataOf(object: KubeObject): KubeObject {
  const { name, namespace } = object.metadata;
  const template = parseApiVersion(object.apiVersion).group === 'apps' ? templateOf(object) : undefined;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }), ...marksOf(object.metadata) },
    ...(template === undefined ? {} : { spec: { template: { metadata: marksOf(template) } } }),
  };
}

interface Marks {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

const marksOf = ({ labels, annotations }: Marks): Marks => ({ ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) });

function templateOf(object: KubeObject): Marks | undefined {
  const spec = object['spec'] as { template?: { metadata?: Marks | null } | null } | null | undefined; // a workload's spec
  return spec?.template?.metadata ?? undefined;
}
