import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeObject } from '@meshfleet/model';
import type { ClusterAccess } from '../access/cluster-access.ts';

/** What the server does wrong to one request or one open watch. */
export type Fault =
  | 'gone-status' | 'gone-event' | 'cut' | 'half-line' | 'stall' | 'too-many' | 'failing' | 'error-event' | 'duplicate' | 'reorder' | 'garbage';

interface LogEntry {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly version: number;
  readonly object: KubeObject;
}
interface OpenWatch {
  readonly answer: ServerResponse;
  sent: number;
  stalled: boolean;
  delayed: LogEntry | undefined;
  overtaken: number;
}

/** One resource over real HTTP that lists, pages and watches as an API server does, and misbehaves on demand. */
export interface ScriptedApiServer {
  readonly access: ClusterAccess;
  readonly objects: ReadonlyMap<string, KubeObject>;
  readonly counts: { lists: number; pages: number; watches: number; gone: number };
  put(name: string, value: number): void;
  remove(name: string): void;
  /** Does it to every open watch, or to the next request when none is open. */
  inject(fault: Fault): void;
  bookmark(): void;
  /** Forgets history: older versions and page tokens answer 410. */
  compact(): void;
  heal(): void;
  close(): Promise<void>;
}

export async function startScriptedApiServer(): Promise<ScriptedApiServer> {
  const objects = new Map<string, KubeObject>();
  const counts = { lists: 0, pages: 0, watches: 0, gone: 0 };
  const watches = new Set<OpenWatch>();
  let log: LogEntry[] = [];
  let floor = 0;
  let version = 100;
  let pending: Fault[] = [];
  const snapshots = new Map<string, { items: KubeObject[]; version: number }>();

  const status = (answer: ServerResponse, code: number, reason: string, headers: Record<string, string> = {}) => {
    if (code === 410) counts.gone += 1;
    answer.writeHead(code, { 'content-type': 'application/json', ...headers });
    answer.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message: `scripted ${reason}`, reason, code }));
  };
  const write = (watch: OpenWatch, entry: LogEntry) => !watch.answer.writableEnded && watch.answer.write(`${JSON.stringify({ type: entry.type, object: { ...entry.object, metadata: { ...entry.object.metadata, resourceVersion: String(entry.version) } } })}\n`);
  const flush = (watch: OpenWatch) => {
    if (watch.stalled) return;
    for (const entry of log) {
      if (entry.version <= watch.sent) continue;
      watch.sent = entry.version;
      write(watch, entry);
      // Three events overtake the one held back, if the watch lives that long.
      if (watch.delayed !== undefined && ++watch.overtaken === 3) {
        write(watch, watch.delayed);
        watch.delayed = undefined;
      }
    }
  };
  const record = (type: LogEntry['type'], object: KubeObject) => {
    log.push({ type, version, object });
    for (const watch of watches) flush(watch);
  };

  function list(query: URLSearchParams, answer: ServerResponse): void {
    counts.pages += 1;
    const token = query.get('continue');
    const snapshot = token === null ? { items: [...objects.values()].sort((a, b) => (a.metadata.name ?? '').localeCompare(b.metadata.name ?? '')), version } : snapshots.get(token.split(':')[0] ?? '');
    if (snapshot === undefined) return status(answer, 410, 'Expired');
    const start = token === null ? 0 : Number(token.split(':')[1]);
    const end = start + Number(query.get('limit') ?? snapshot.items.length);
    const id = token?.split(':')[0] ?? `s${String(counts.pages)}`;
    const more = end < snapshot.items.length;
    if (more) snapshots.set(id, snapshot);
    else counts.lists += 1;
    answer.writeHead(200, { 'content-type': 'application/json' });
    answer.end(JSON.stringify({ kind: 'List', metadata: { resourceVersion: String(snapshot.version), ...(more ? { continue: `${id}:${String(end)}` } : {}) }, items: snapshot.items.slice(start, end) }));
  }

  function watch(query: URLSearchParams, answer: ServerResponse): void {
    const from = Number(query.get('resourceVersion'));
    if (from < floor) return status(answer, 410, 'Expired');
    counts.watches += 1;
    answer.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
    answer.flushHeaders();
    const opened: OpenWatch = { answer, sent: from, stalled: false, delayed: undefined, overtaken: 0 };
    watches.add(opened);
    answer.on('close', () => watches.delete(opened));
    flush(opened);
  }

  const server = createServer((request: IncomingMessage, answer: ServerResponse) => {
    const query = new URL(request.url ?? '/', 'http://x').searchParams;
    const isWatch = query.get('watch') === 'true';
    const fault = pending.shift();
    if (fault === 'too-many') return status(answer, 429, 'TooManyRequests', { 'retry-after': '0' });
    if (fault === 'failing') return status(answer, 500, 'InternalError');
    if (fault === 'cut') return void request.socket.destroy();
    if (fault === 'gone-status' && isWatch) return status(answer, 410, 'Expired');
    if (isWatch) watch(query, answer);
    else list(query, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  function strike(target: OpenWatch, fault: Fault): void {
    const last = log.at(-1);
    if (target.answer.writableEnded) return;
    if (fault === 'gone-event') {
      counts.gone += 1;
      target.answer.end(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' } })}\n`);
    } else if (fault === 'error-event') target.answer.end(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 500, reason: 'InternalError', message: 'storage is (re)initializing' } })}\n`);
    else if (fault === 'cut') target.answer.socket?.destroy();
    else if (fault === 'half-line') target.answer.write(`{"type":"MODIFIED","object":{"apiVersion":"v1","kind":"Thing","metadata":{"name":"a","resourceVersion":"99`, () => target.answer.socket?.destroy());
    else if (fault === 'garbage') target.answer.write('{"type":"MODI\n');
    else if (fault === 'stall') target.stalled = true;
    else if (fault === 'duplicate' && last !== undefined && !target.stalled) write(target, last);
    else if (fault === 'reorder' && !target.stalled && target.delayed === undefined) {
      // An event is held back until others have been sent.
      version += 1;
      const object = thing('held-back', version, version);
      objects.set('held-back', object);
      const entry: LogEntry = { type: 'MODIFIED', version, object };
      log.push(entry);
      for (const other of watches) {
        if (other === target) {
          other.delayed = entry;
          other.overtaken = 0;
          other.sent = version;
        } else flush(other);
      }
    }
  }

  return {
    access: { server: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, credentials: () => Promise.resolve({}) },
    objects,
    counts,
    put(name, value) {
      version += 1;
      const type = objects.has(name) ? 'MODIFIED' : 'ADDED';
      const object = thing(name, value, version);
      objects.set(name, object);
      record(type, object);
    },
    remove(name) {
      const object = objects.get(name);
      if (object === undefined) return;
      version += 1;
      objects.delete(name);
      record('DELETED', object);
    },
    inject(fault) {
      const open = [...watches];
      if (open.length === 0 || fault === 'too-many' || fault === 'failing' || fault === 'gone-status') {
        pending.push(fault);
        if (fault !== 'stall') for (const each of open) each.answer.socket?.destroy();
      } else for (const each of open) strike(each, fault);
    },
    bookmark() {
      for (const each of watches) {
        if (each.stalled || each.delayed !== undefined || each.answer.writableEnded) continue;
        each.answer.write(`${JSON.stringify({ type: 'BOOKMARK', object: { apiVersion: 'v1', kind: 'Thing', metadata: { resourceVersion: String(version) } } })}\n`);
      }
    },
    compact() {
      floor = version;
      log = [];
      snapshots.clear();
      for (const each of watches) each.answer.socket?.destroy();
    },
    heal() {
      pending = [];
      for (const each of watches) if (each.delayed !== undefined) each.answer.socket?.destroy();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function thing(name: string, value: number, version: number): KubeObject {
  return { apiVersion: 'v1', kind: 'Thing', metadata: { name, resourceVersion: String(version) }, spec: { value } };
}
