// Writes src/generated/kubernetes-protobuf.json: field numbers and types of the built-in API's protobuf encoding, which kubectl's typed
// commands (create, scale, run) send, and which fields Go's JSON encoding leaves out when they are empty.
//
//   node libs/cluster-sim/generate/kubernetes-protobuf.ts
//   node libs/cluster-sim/generate/kubernetes-protobuf.ts --check   exits 1 when the file is stale, 2 when that cannot be told
//
// Source: the struct tags of the Go modules below (Apache-2.0), fetched by `go mod download`. Kept are names, numbers and types alone.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const VERSION = 'v0.35.4';
const OUT = new URL('../src/generated/kubernetes-protobuf.json', import.meta.url).pathname;
const META = 'k8s.io/apimachinery/pkg/apis/meta/v1';
const CORE = 'k8s.io/api/core/v1';
/** Packages by API group and version, as clients send them. */
const PACKAGES: readonly (readonly [group: string, version: string, path: string])[] = [
  ['', 'v1', CORE],
  ['apps', 'v1', 'k8s.io/api/apps/v1'],
  ['batch', 'v1', 'k8s.io/api/batch/v1'],
  ['autoscaling', 'v1', 'k8s.io/api/autoscaling/v1'],
  ['autoscaling', 'v2', 'k8s.io/api/autoscaling/v2'],
  ['networking.k8s.io', 'v1', 'k8s.io/api/networking/v1'],
  ['policy', 'v1', 'k8s.io/api/policy/v1'],
  ['rbac.authorization.k8s.io', 'v1', 'k8s.io/api/rbac/v1'],
  ['authentication.k8s.io', 'v1', 'k8s.io/api/authentication/v1'],
  ['authorization.k8s.io', 'v1', 'k8s.io/api/authorization/v1'],
  ['coordination.k8s.io', 'v1', 'k8s.io/api/coordination/v1'],
  ['discovery.k8s.io', 'v1', 'k8s.io/api/discovery/v1'],
  ['events.k8s.io', 'v1', 'k8s.io/api/events/v1'],
  ['scheduling.k8s.io', 'v1', 'k8s.io/api/scheduling/v1'],
  ['storage.k8s.io', 'v1', 'k8s.io/api/storage/v1'],
  ['admissionregistration.k8s.io', 'v1', 'k8s.io/api/admissionregistration/v1'],
  ['certificates.k8s.io', 'v1', 'k8s.io/api/certificates/v1'],
  ['node.k8s.io', 'v1', 'k8s.io/api/node/v1'],
  ['flowcontrol.apiserver.k8s.io', 'v1', 'k8s.io/api/flowcontrol/v1'],
];
/** Types with a wire form of their own. */
const SPECIAL: { readonly [type: string]: string } = {
  [`${META}.Time`]: 'time',
  [`${META}.MicroTime`]: 'microTime',
  [`${META}.Duration`]: 'duration',
  [`${META}.FieldsV1`]: 'rawJson',
  'k8s.io/apimachinery/pkg/runtime.RawExtension': 'rawJson',
  'k8s.io/apimachinery/pkg/util/intstr.IntOrString': 'intOrString',
  'k8s.io/apimachinery/pkg/api/resource.Quantity': 'quantity',
  'k8s.io/apimachinery/pkg/types.UID': 'string',
  'k8s.io/apimachinery/pkg/types.NodeName': 'string',
};
const SCALARS: { readonly [type: string]: string } = { string: 'string', bool: 'bool', int: 'int', int32: 'int', int64: 'int', uint32: 'int', byte: 'byte', float64: 'double' };

interface GoFile {
  readonly imports: ReadonlyMap<string, string>;
  readonly text: string;
}
/** number, JSON name ('' when inlined), type expression, and how Go holds it: the sum of 1 pointer, 2 omitempty, 4 omitzero. */
type Field = readonly [number: number, name: string, type: string, held: number];

const modules = new Map([...new Set(['k8s.io/api', 'k8s.io/apimachinery'])].map((module) => [module, download(module)]));
const files = new Map<string, GoFile[]>();
const messages: Record<string, readonly Field[]> = {};
const groups: Record<string, string> = {};
for (const [group, version, path] of PACKAGES) {
  groups[group === '' ? version : `${group}/${version}`] = path;
  for (const file of filesOf(path)) {
    for (const [, name = ''] of file.text.matchAll(/^type (\w+) struct \{/gm)) resolve(`${path}.${name}`);
  }
}
resolve(`${META}.DeleteOptions`);
const text = `${JSON.stringify({ source: `k8s.io/api ${VERSION}, k8s.io/apimachinery ${VERSION}`, licence: 'Apache-2.0', generator: 'libs/cluster-sim/generate/kubernetes-protobuf.ts', groups, meta: META, messages: shorten(messages) })}\n`;
if (process.argv.includes('--check')) {
  const current = existsSync(OUT) && readFileSync(OUT, 'utf8') === text;
  if (!current) console.error(`${OUT} is stale`);
  process.exit(current ? 0 : 1);
}
writeFileSync(OUT, text);
console.log(`${Object.keys(messages).length} messages`);

/** Reads a named type and all it is made of; answers the expression to write for it. */
function resolve(type: string): string {
  const special = SPECIAL[type];
  if (special !== undefined) return special;
  const dot = type.lastIndexOf('.');
  const [path, name] = [type.slice(0, dot), type.slice(dot + 1)];
  for (const file of filesOf(path)) {
    const struct = new RegExp(`^type ${name} struct \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(file.text);
    if (struct !== null) {
      if (messages[type] === undefined) {
        messages[type] = [];
        messages[type] = fieldsOf(struct[1] ?? '', path, file);
      }
      return type;
    }
    const alias = new RegExp(`^type ${name} ([^\\n{]+)$`, 'm').exec(file.text);
    if (alias !== null) {
      const target = (alias[1] ?? '').replace(/\/\/.*/, '').trim();
      // A named list is a message with its items in field 1.
      return target.startsWith('[]') && target !== '[]byte' ? `items:${expression(target.slice(2), path, file)}` : expression(target, path, file);
    }
  }
  return 'unknown';
}

function fieldsOf(body: string, path: string, file: GoFile): Field[] {
  const fields: Field[] = [];
  for (const [, declaration = '', tag = ''] of body.matchAll(/^\s+([^`\n/]+?)\s*`([^`]*)`/gm)) {
    const number = /protobuf:"\w+,(\d+)/.exec(tag)?.[1];
    const json = /json:"([^"]*)"/.exec(tag)?.[1]?.split(',') ?? [];
    if (number === undefined || json[0] === '-') continue;
    const parts = declaration.trim().split(/\s+/);
    const type = parts.at(-1) ?? '';
    const inline = json.includes('inline') || (parts.length === 1 && json[0] === '');
    fields.push([Number(number), inline ? '' : (json[0] ?? ''), expression(type.replace(/^\*/, ''), path, file), (type.startsWith('*') ? 1 : 0) + (json.includes('omitempty') ? 2 : 0) + (json.includes('omitzero') ? 4 : 0)]);
  }
  return fields;
}

function expression(type: string, path: string, file: GoFile): string {
  const plain = type.replace(/^\*/, '');
  if (plain === '[]byte') return 'bytes';
  if (plain.startsWith('[]')) return `[]${expression(plain.slice(2), path, file)}`;
  const map = /^map\[[^\]]+\](.+)$/.exec(plain);
  if (map !== null) return `{}${expression(map[1] ?? '', path, file)}`;
  const scalar = SCALARS[plain];
  if (scalar !== undefined) return scalar;
  const [qualifier, name] = plain.includes('.') ? plain.split('.') : [undefined, plain];
  const target = qualifier === undefined ? path : file.imports.get(qualifier);
  return target === undefined ? 'unknown' : resolve(`${target}.${name ?? ''}`);
}

function filesOf(path: string): GoFile[] {
  let known = files.get(path);
  if (known === undefined) {
    const module = [...modules.keys()].find((name) => path.startsWith(`${name}/`));
    const folder = module === undefined ? undefined : join(modules.get(module) ?? '', path.slice(module.length));
    known = folder === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith('.go') && !name.endsWith('_test.go') && !name.includes('generated')).map((name) => goFile(readFileSync(join(folder, name), 'utf8')));
    files.set(path, known);
  }
  return known;
}

function goFile(text: string): GoFile {
  const block = /^import \(([\s\S]*?)^\)/m.exec(text)?.[1] ?? /^import (.+)$/m.exec(text)?.[1] ?? '';
  const imports = new Map<string, string>();
  for (const [, alias, path = ''] of block.matchAll(/^\s*(\w+)?\s*"([^"]+)"/gm)) imports.set(alias ?? path.split('/').at(-1) ?? '', path);
  return { imports, text };
}

/** Full Go names are long: ~ and ^ stand for their common beginnings. */
function shorten(all: Record<string, readonly Field[]>): Record<string, readonly Field[]> {
  const short = (type: string): string => type.replace('k8s.io/apimachinery/pkg/apis/', '~').replace('k8s.io/api/', '^');
  return Object.fromEntries(Object.entries(all).map(([name, fields]) => [short(name), fields.map(([number, json, type, held]) => [number, json, short(type), held] as const)]));
}

function download(module: string): string {
  const scratch = mkdtempSync(join(tmpdir(), 'kubernetes-protobuf-'));
  try {
    const result = spawnSync('go', ['mod', 'download', '-json', `${module}@${VERSION}`], { cwd: scratch, encoding: 'utf8' });
    const parsed = JSON.parse(result.stdout || '{}') as { Dir?: string; Error?: string };
    if (parsed.Dir === undefined) {
      console.error(`cannot read ${module}@${VERSION}: ${parsed.Error ?? result.stderr}`);
      process.exit(2);
    }
    return parsed.Dir;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
