import { istioModule } from '@meshfleet/cluster-real';
import type { KubeObject } from '@meshfleet/model';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, type Document } from 'yaml';

/** One file as its project has it, less what is not of the mesh: workloads and Services are deployed by other means. */
export interface PublicManifest {
  readonly name: string;
  readonly text: string;
  /** Of objects that name none. */
  readonly namespace: string;
  readonly objects: readonly KubeObject[];
}

const MESH_GROUPS = ['networking.istio.io', 'security.istio.io', 'telemetry.istio.io', 'extensions.istio.io', 'gateway.networking.k8s.io'];
const NAMESPACE = 'public';

/** Istio's own samples, where Go keeps them, and files of ours in the shape of other projects'. */
export async function readPublicManifests(): Promise<PublicManifest[]> {
  const samples = join(await istioModule('1.29'), 'samples');
  const ours = join(import.meta.dirname, 'public-manifests');
  return [...readFolder('istio-samples', samples), ...readFolder('in-the-shape-of', ours)];
}

/** The Gateway API's definitions, of the version that istiod is built with. */
export async function definitionsOfGatewayApi(): Promise<string> {
  const folder = join(await istioModule('1.29', 'sigs.k8s.io/gateway-api'), 'config', 'crd', 'standard');
  return readdirSync(folder).filter((name) => name.startsWith('gateway.networking')).map((name) => readFileSync(join(folder, name), 'utf8')).join('\n---\n');
}

function readFolder(label: string, folder: string): PublicManifest[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml')).sort();
  return files.flatMap((file) => {
    const documents = meshDocuments(readFileSync(join(folder, file), 'utf8'));
    if (documents.length === 0) return [];
    const text = documents.map(({ document }) => String(document)).join('---\n');
    return [{ name: `${label}/${file.replace(/\.yaml$/, '')}`, namespace: NAMESPACE, text, objects: documents.map(({ object }) => placed(object)) }];
  });
}

/** None for files that are templates or no YAML. YAML 1.1 is what kubectl reads, to which `yes` is a boolean. */
function meshDocuments(text: string): { document: Document; object: KubeObject }[] {
  const documents = parseAllDocuments(text, { version: '1.1' });
  if (!Array.isArray(documents) || documents.some(({ errors }) => errors.length > 0)) return [];
  return documents.flatMap((document) => {
    const object = document.toJS() as KubeObject | null; // what apiVersion says is checked here, the rest by API servers
    return MESH_GROUPS.includes(object?.apiVersion?.split('/')[0] ?? '') && object !== null ? [{ document, object }] : [];
  });
}

function placed(object: KubeObject): KubeObject {
  return object.kind === 'GatewayClass' ? object : { ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace ?? NAMESPACE } };
}
