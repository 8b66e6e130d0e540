// Writes src/generated/*.json: the facts of Kubernetes' built-in API that the simulated cluster serves and judges by.
//
//   node libs/cluster-sim/generate/kubernetes-openapi.ts
//   node libs/cluster-sim/generate/kubernetes-openapi.ts --check   exits 1 when a file is stale, 2 when that cannot be told
//
// Source: the Go module k8s.io/kubernetes at the version below (Apache-2.0), fetched by `go mod download`, which proves its
// checksum. Kept are facts alone (fields, types, list types, merge keys, defaults, discovery, bootstrap roles); every
// description is dropped. Users never run this: its output is committed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

const VERSION = 'v1.35.4';
const check = process.argv.includes('--check');
let stale = 0;
const out = new URL('../src/generated/', import.meta.url).pathname;
/** What a default kube-apiserver enables: general availability only. */
const isStable = (version: string): boolean => /^v\d+$/.test(version);

interface DiscoverySubresource {
  subresource: string;
  responseKind?: { group: string; version: string; kind: string };
  verbs: string[];
}
interface DiscoveryResource {
  resource: string;
  responseKind: { kind: string };
  scope: 'Namespaced' | 'Cluster';
  singularResource: string;
  shortNames?: string[];
  categories?: string[];
  verbs: string[];
  subresources?: DiscoverySubresource[];
}
interface LegacyResource {
  name: string;
  kind: string;
  group?: string;
  version?: string;
  namespaced: boolean;
  singularName: string;
  shortNames?: string[];
  categories?: string[];
  verbs: string[];
}
type Node = { [key: string]: unknown };

const module = download();
const discovery = readDiscovery();
const schemas = readSchemas(discovery);
const header = { source: `k8s.io/kubernetes ${VERSION}`, licence: 'Apache-2.0', generator: 'libs/cluster-sim/generate/kubernetes-openapi.ts' };
write('kubernetes-discovery.json', { ...header, groups: discovery });
write('kubernetes-schemas.json', { ...header, schemas });
write('bootstrap-rbac.json', { ...header, objects: readBootstrapRoles() });
process.exit(stale === 0 ? 0 : 1);

function download(): string {
  const scratch = mkdtempSync(join(tmpdir(), 'kubernetes-facts-'));
  const result = spawnSync('go', ['mod', 'download', '-json', `k8s.io/kubernetes@${VERSION}`], { cwd: scratch, encoding: 'utf8' });
  rmSync(scratch, { recursive: true, force: true });
  if (result.status !== 0) {
    console.error(`Cannot read k8s.io/kubernetes ${VERSION} with Go: ${result.stderr || result.stdout || String(result.error)}`);
    process.exit(2);
  }
  return (JSON.parse(result.stdout) as { Dir: string }).Dir;
}

function readJson(...path: string[]): unknown {
  return JSON.parse(readFileSync(join(module, ...path), 'utf8'));
}

/** Groups in the order in which a kube-apiserver lists them, the core group first. */
function readDiscovery() {
  const core = (readJson('api/discovery/api__v1.json') as { resources: LegacyResource[] }).resources;
  const coreResources = core
    .filter((resource) => !resource.name.includes('/'))
    .map((resource) => ({
      plural: resource.name,
      singular: resource.singularName,
      kind: resource.kind,
      namespaced: resource.namespaced,
      verbs: resource.verbs,
      ...(resource.shortNames ? { shortNames: resource.shortNames } : {}),
      ...(resource.categories ? { categories: resource.categories } : {}),
      subresources: core
        .filter((sub) => sub.name.startsWith(`${resource.name}/`))
        .map((sub) => ({ name: sub.name.slice(resource.name.length + 1), kind: sub.kind, group: sub.group ?? '', version: sub.version ?? 'v1', verbs: sub.verbs })),
    }));
  const groups = (readJson('api/discovery/aggregated_v2.json') as { items: { metadata: { name: string }; versions: { version: string; resources: DiscoveryResource[] }[] }[] }).items
    .map((group) => ({
      group: group.metadata.name,
      versions: group.versions
        .filter((version) => isStable(version.version))
        .map((version) => ({
          version: version.version,
          resources: version.resources.map((resource) => ({
            plural: resource.resource,
            singular: resource.singularResource,
            kind: resource.responseKind.kind,
            namespaced: resource.scope === 'Namespaced',
            verbs: resource.verbs,
            ...(resource.shortNames ? { shortNames: resource.shortNames } : {}),
            ...(resource.categories ? { categories: resource.categories } : {}),
            subresources: (resource.subresources ?? []).map((sub) => ({
              name: sub.subresource,
              kind: sub.responseKind?.kind ?? resource.responseKind.kind,
              group: sub.responseKind?.group || group.metadata.name,
              version: sub.responseKind?.version || version.version,
              verbs: sub.verbs,
            })),
          })),
        })),
    }))
    .filter((group) => group.versions.length > 0);
  return [{ group: '', versions: [{ version: 'v1', resources: coreResources }] }, ...groups];
}

/** Schemas reachable from the served kinds, each on a line of its own. */
function readSchemas(groups: ReturnType<typeof readDiscovery>): Node {
  const found: Node = {};
  for (const { group, versions } of groups) {
    for (const { version } of versions) {
      const file = group === '' ? `api__${version}_openapi.json` : `apis__${group}__${version}_openapi.json`;
      const document = readJson('api/openapi-spec/v3', file) as { components: { schemas: Node } };
      for (const [name, schema] of Object.entries(document.components.schemas)) found[name] ??= stripProse(schema, false);
    }
  }
  return Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Drops descriptions, except where `description` is the name of a field. */
function stripProse(value: unknown, insideProperties: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => stripProse(item, false));
  if (typeof value !== 'object' || value === null) return value;
  const result: Node = {};
  for (const [key, child] of Object.entries(value)) {
    if (!insideProperties && (key === 'description' || key === 'example' || key === 'externalDocs')) continue;
    if (!insideProperties && key === 'x-kubernetes-group-version-kind' && Array.isArray(child) && child.length > 20) continue;
    result[key] = stripProse(child, !insideProperties && key === 'properties');
  }
  return result;
}

/** The roles and bindings that a kube-apiserver writes at its first start. */
function readBootstrapRoles(): unknown[] {
  const folder = 'plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata';
  const files = ['cluster-roles', 'cluster-role-bindings', 'controller-roles', 'controller-role-bindings', 'namespace-roles', 'namespace-role-bindings'];
  return files.flatMap((file) => (parse(readFileSync(join(module, folder, `${file}.yaml`), 'utf8')) as { items: unknown[] }).items);
}

function write(file: string, content: { [key: string]: unknown }): void {
  const lines = Object.entries(content).map(([key, value]) => `${JSON.stringify(key)}:${onePerLine(value)}`);
  const text = `{${lines.join(',\n')}}\n`;
  const path = join(out, file);
  if (!check) return writeFileSync(path, text);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  console.error(`stale: src/generated/${file}`);
  stale += 1;
}

/** Minified, yet with one entry per line, so that a new Kubernetes version shows as a readable diff. */
function onePerLine(value: unknown): string {
  if (Array.isArray(value)) return `[\n${value.map((item) => JSON.stringify(item)).join(',\n')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{\n${Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${JSON.stringify(item)}`).join(',\n')}}`;
  }
  return JSON.stringify(value);
}
