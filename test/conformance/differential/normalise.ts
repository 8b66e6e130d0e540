import type { Answer } from '../client.ts';
import type { Fields } from './kinds.ts';
import { isFields } from './sequence.ts';

/** What of an answer must be the same on every server: status, warnings and body, without identities, times and addresses. */
export interface Comparable {
  readonly status: number;
  readonly warning: unknown;
  readonly body: unknown;
}

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;
const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** Controllers of a cluster write these whenever they come round. */
const CONTROLLERS = new Set(['kube-controller-manager']);
const REVISION = 'deployment.kubernetes.io/revision';

/**
 * `names` maps what differs by nature (this server's uid, versions, namespace) to a word; `previous` is the resourceVersion that the object
 * had before, so that whether a write counted as a change is compared too.
 */
export function comparable(answer: Answer, namespace: string, previous: string | undefined): Comparable {
  const replace = (text: string): string =>
    text
      .replaceAll(namespace, '<namespace>')
      .replace(UID, (uid) => (uid.startsWith('00000000') ? uid : '<uid>'))
      .replace(TIME, (time) => (time.startsWith('2030') ? time : '<time>'))
      .replace(/in record \(\d+\)/, 'in record (<version>)')
      // Fields are looked at in any order, up to one that is not declared.
      .replace(/errors:\n(?:.*\n)*.*?(\S+: field not declared in schema)(?:\n.*)*/, '$1')
      // Whatever is wrong is told in the order of a Go map, which is another one each time.
      .replace(/errors:\n((?: {2}.*\n?)+)/, (_all, lines: string) => `errors:\n${lines.split('\n').sort().join('\n')}`)
      .replace(/"resourceVersion":"\d+"/g, '"resourceVersion":"<version>"')
      .replace(/ResourceVersion: \d+/, 'ResourceVersion: <version>')
      // A whole object, in an order of its own.
      .replace(/patch: Invalid value: "(?:[^"\\]|\\.)*"/, 'patch: Invalid value: <object>')
      .replace(/^Invalid value: "\{(?:[^"\\]|\\.)*"/, 'Invalid value: <object>');
  const walk = (value: unknown, key: string, path: string): unknown => {
    if (typeof value === 'string') {
      if (key === 'clusterIP' && /^\d/.test(value)) return '<ip>';
      if (key === 'resourceVersion' && path.endsWith('/metadata')) return value === previous ? '<same>' : '<new>';
      return replace(value);
    }
    if (typeof value === 'number' && (key === 'nodePort' || key === 'healthCheckNodePort')) return '<port>';
    if (Array.isArray(value)) {
      if (key === 'clusterIPs') return value.map((item) => (/^\d/.test(String(item)) ? '<ip>' : item));
      if (key === 'causes') return causes((value as Fields[]).map((item) => walk(item, '', path) as Fields));
      if (key === 'managedFields') return managers(value as Fields[]).map((item) => walk(item, '', path));
      return value.map((item) => walk(item, '', path));
    }
    if (!isFields(value)) return value;
    // Causes come in any order and more than once, and the message with them.
    if (value['kind'] === 'Status' && isFields(value['details']) && Array.isArray(value['details']['causes']) && value['reason'] === 'Invalid')
      return walk({ ...value, reason: 'Invalid, see causes', message: String(value['message']).replace(/ is invalid: .*/s, ' is invalid') }, key, path);
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [replace(name), walk(child, name, `${path}/${key}`)]));
  };
  return { status: answer.status, warning: answer.headers['warning'] ?? null, body: walk(withoutControllers(answer.body), '', '') };
}

function withoutControllers(body: unknown): unknown {
  if (!isFields(body) || body['kind'] !== 'Deployment') return body;
  const { status: _status, ...rest } = body;
  const metadata = { ...(rest['metadata'] as Fields) };
  if (isFields(metadata['annotations'])) {
    const { [REVISION]: _revision, ...annotations } = metadata['annotations'];
    if (Object.keys(annotations).length === 0) delete metadata['annotations'];
    else metadata['annotations'] = annotations;
  }
  // The controller's own writes move the version at any time.
  delete metadata['resourceVersion'];
  return { ...rest, metadata };
}

/** Sorted, and each once: several validations of one object find the same. */
function causes(entries: readonly Fields[]): Fields[] {
  // Which port of its nodes a Service gets is chance.
  const message = ({ field, message: text }: Fields): string => (/odePort$/.test(String(field)) ? String(text).replace(/\d{5}/, '<port>') : String(text));
  const texts = new Set(entries.map((entry) => JSON.stringify([entry['field'], entry['reason'], message(entry)])));
  return [...texts].sort().map((text) => ({ cause: text }));
}

/** In an order that does not depend on the second in which something was written. */
function managers(entries: readonly Fields[]): Fields[] {
  const id = (entry: Fields): string => JSON.stringify([entry['operation'], entry['manager'], entry['apiVersion'], entry['subresource']]);
  return entries.filter((entry) => !CONTROLLERS.has(String(entry['manager']))).sort((a, b) => (id(a) < id(b) ? -1 : 1));
}

/** Where two values differ first, as `path: left ≠ right`; undefined when they do not. */
export function firstDifference(left: unknown, right: unknown, path = ''): string | undefined {
  if (isFields(left) && isFields(right)) {
    for (const name of [...new Set([...Object.keys(left), ...Object.keys(right)])].sort()) {
      const found = firstDifference(left[name], right[name], `${path}.${name}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (Array.isArray(left) && Array.isArray(right) && left.length === right.length) {
    for (const [index, item] of left.entries()) {
      const found = firstDifference(item, right[index], `${path}[${index}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return JSON.stringify(left) === JSON.stringify(right) ? undefined : `${path}: ${JSON.stringify(left)} ≠ ${JSON.stringify(right)}`;
}
