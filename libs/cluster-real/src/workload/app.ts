// What runs in a workload for real: a small HTTP server that says who answered, and a caller that the bed's owner commands
// over a Unix socket, which no network namespace stands in the way of.
import { rmSync } from 'node:fs';
import { Agent, createServer, request, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent as SecureAgent, request as requestSecurely } from 'node:https';
import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';
import type { Behaviour, CallAnswer, CallSpec, TrafficCounts, TrafficSpec } from './calls.ts';
import { countAnswer, noAnswers } from './count-answers.ts';
import { createRateLimitServer } from './rate-limit-server.ts';

const CALL_TIMEOUT_MS = 5_000;
/** Where rate-limit services listen by custom. */
const RATE_LIMIT_PORT = 8081;
const identity = {
  name: process.env['APP_NAME'] ?? hostname(),
  version: process.env['APP_VERSION'] ?? '',
  pod: process.env['POD_NAME'] ?? '',
  cluster: process.env['APP_CLUSTER'] ?? '',
};
/** For generators: connections to the proxy are kept, as callers do. */
const kept = { agent: new Agent({ keepAlive: true, maxSockets: 64 }), secureAgent: new SecureAgent({ keepAlive: true, maxSockets: 64 }) };
let behaviour: Behaviour = {};
/** Requests that came in from the network, but for probes. */
let served = 0;
const runs = new Map<string, { counts: TrafficCounts; timer: NodeJS.Timeout; open: Set<Promise<void>> }>();

// Never ends an idle connection, as Go's servers do not: Node would after some seconds, and a proxy that sends a request at that
// very moment answers 503 for it (flag UC), since it cannot know whether the request was taken.
for (const port of (process.env['PORT'] ?? '8080').split(',')) createServer({ keepAliveTimeout: 0 }, answer).listen(Number(port), '0.0.0.0');
const rateLimit = process.env['APP_RATE_LIMIT'];
if (rateLimit !== undefined) createRateLimitServer(Number(rateLimit)).listen(RATE_LIMIT_PORT, '0.0.0.0');
const socket = process.env['MESHFLEET_CONTROL_SOCKET'];
if (socket !== undefined) {
  rmSync(socket, { force: true });
  createServer((incoming, outgoing) => {
    command(incoming).then(
      (result) => outgoing.end(JSON.stringify(result)),
      (error: unknown) => {
        outgoing.statusCode = 500;
        outgoing.end(JSON.stringify(String(error)));
      },
    );
  }).listen(socket);
}

function answer(incoming: IncomingMessage, outgoing: ServerResponse): void {
  incoming.resume();
  const isProbe = incoming.url === '/healthz';
  const { status = 200, delayMs = 0 } = isProbe ? {} : behaviour;
  served += isProbe ? 0 : 1;
  const delay = Math.max(Number(incoming.headers['x-app-delay-ms'] ?? 0), delayMs);
  setTimeout(() => {
    outgoing.statusCode = Number(incoming.headers['x-app-status'] ?? status);
    outgoing.setHeader('content-type', 'application/json');
    outgoing.setHeader('x-app-version', identity.version);
    outgoing.setHeader('x-app-pod', identity.pod);
    outgoing.setHeader('x-app-cluster', identity.cluster);
    outgoing.end(JSON.stringify({ ...identity, method: incoming.method, path: incoming.url, headers: incoming.headers }));
  }, delay);
}

async function command(incoming: IncomingMessage): Promise<unknown> {
  const body = await text(incoming);
  const id = incoming.headers['x-run'];
  switch (incoming.url) {
    case '/call':
      // Both ends are this project's.
      return call(JSON.parse(body) as CallSpec, { agent: new Agent({ keepAlive: false }), secureAgent: new SecureAgent({ keepAlive: false, maxCachedSessions: 0 }) });
    case '/behave':
      behaviour = JSON.parse(body) as Behaviour;
      return {};
    case '/served':
      return served;
    case '/start':
      return start(JSON.parse(body) as TrafficSpec);
    case '/counts':
      return runs.get(String(id))?.counts;
    case '/stop':
      return stop(String(id));
    default:
      return undefined;
  }
}

/** As many calls a second as asked for, whether earlier ones were answered or not. */
function start(spec: TrafficSpec): string {
  const id = String(runs.size + 1);
  const counts = noAnswers();
  const open = new Set<Promise<void>>();
  const from = performance.now();
  const timer = setInterval(() => {
    const due = Math.min(Math.floor(((performance.now() - from) * spec.perSecond) / 1000), spec.total ?? Number.POSITIVE_INFINITY);
    while (counts.sent < due) {
      counts.sent += 1;
      const one: Promise<void> = call(spec, kept).then((it) => {
        countAnswer(counts, it);
        open.delete(one);
      });
      open.add(one);
    }
    if (counts.sent === spec.total) clearInterval(timer);
  }, 5);
  runs.set(id, { counts, timer, open });
  return id;
}

async function stop(id: string): Promise<TrafficCounts | undefined> {
  const run = runs.get(id);
  if (run === undefined) return undefined;
  clearInterval(run.timer);
  await Promise.all(run.open);
  return run.counts;
}

interface Agents {
  readonly agent: Agent;
  readonly secureAgent: SecureAgent;
}

function open(spec: CallSpec, { agent, secureAgent }: Agents, onResponse: (response: IncomingMessage) => void): ClientRequest {
  const options = { method: spec.method ?? 'GET', headers: spec.headers ?? {}, timeout: spec.timeoutMs ?? CALL_TIMEOUT_MS };
  if (!spec.url.startsWith('https:')) return request(spec.url, { ...options, agent }, onResponse);
  const { ca, serverName } = spec;
  return requestSecurely(spec.url, { ...options, agent: secureAgent, ...(ca === undefined ? {} : { ca }), ...(serverName === undefined ? {} : { servername: serverName }) }, onResponse);
}

function call(spec: CallSpec, agents: Agents): Promise<CallAnswer> {
  return new Promise((resolve) => {
    const outgoing = open(spec, agents, (response) => {
      text(response).then(
        (body) => {
          const header = (name: string): string => String(response.headers[name] ?? '');
          resolve({ code: response.statusCode, version: header('x-app-version'), pod: header('x-app-pod'), cluster: header('x-app-cluster'), headers: response.headers, body });
        },
        (error: unknown) => {
          resolve({ error: reason(error) });
        },
      );
    });
    outgoing.on('timeout', () => outgoing.destroy(Object.assign(new Error(), { code: 'TIMEOUT' })));
    outgoing.on('error', (error) => {
      resolve({ error: reason(error) });
    });
    outgoing.end();
  });
}

function reason(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
