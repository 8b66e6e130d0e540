import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ErrorCode, KubeObject } from '@meshfleet/model';
import { canonicalJson, contentHash, formatObjectKey, isMetadataOnly, MeshfleetError, objectKeyOf } from '@meshfleet/model';
import type { DesiredEntry, DesiredState, DesiredStateDelta, OrganizationMode, Report, ReportedCondition, ServedKind, SigningKey, SignJwk, TaskAnswer, Tombstone } from '@meshfleet/protocol';
import {
  deltaBetween, digestOf, EMPTY_STATE, enrolRequestSchema, formatCursor, formatSecretToken, importPublicKey, isNews, normalizeState,
  parseCursor, publicSignJwk, readRequestToken, reportSchema, rotateKeysRequestSchema, servedKindSchema, signState, SIGNATURE_HEADER, taskAnswerSchema, thumbprint, verifyEnrolmentProof, verifyRequest, verifyRotationProof,
} from '@meshfleet/protocol';

export const ORGANIZATION = '018f0000-0000-7000-8000-00000000000a';
export const CLUSTER = '018f0000-0000-7000-8000-00000000000c';
export const POLICY = '018f0000-0000-7000-8000-0000000000f1';

export interface Publication {
  readonly objects?: readonly KubeObject[];
  readonly tombstones?: readonly (string | Tombstone)[];
  readonly policyId?: string;
  readonly drift?: 'CORRECT' | 'REPORT';
  readonly conflicts?: 'REPORT' | 'FORCE';
  /** Fields that are taken of others, of every object. */
  readonly takeOver?: readonly string[];
  readonly mode?: OrganizationMode;
  readonly approvedDeletions?: number;
  readonly epoch?: number;
  readonly revision?: number;
}

/** What is about to be answered to `GET /agent/v1/state`; a test may spoil it. */
export interface StateAnswer {
  body: string;
  signature: string | undefined;
  readonly delta: DesiredStateDelta;
  /** Cuts the connection after this many bytes. */
  cutAfter?: number;
}

/** A hub over real HTTP with no database: it speaks the whole agent protocol, checks every signature, and lies on request. */
export interface ScriptedHub {
  readonly url: string;
  readonly joinToken: string;
  readonly signingKey: SigningKey;
  readonly reports: readonly Report[];
  /** Schemas of kinds by digest, as agents sent them. */
  readonly schemas: ReadonlyMap<string, ServedKind>;
  readonly requests: readonly { readonly method: string; readonly path: string; readonly bytes: number }[];
  readonly acknowledged: { readonly epoch: number; readonly revision: number; readonly digest: string } | undefined;
  readonly state: DesiredState;
  /** The revision that was published last. */
  readonly newest: number;
  readonly inventory: ReadonlyMap<string, unknown>;
  /** Conditions as the hub would keep them: APPLIED and DELETED clear. */
  readonly conditions: ReadonlyMap<string, ReportedCondition>;
  readonly history: readonly ReportedCondition[];
  readonly enrolments: number;
  /** Sets a new desired state and announces it. Returns its revision. */
  publish(publication: Publication): number;
  announce(): void;
  control(type: 'approved' | 'quarantined' | 'evicted' | 'resync-inventory' | 'reenroll'): void;
  /** Asks the agent something, and says so on its streams and polls. Resolves with its answer. */
  ask(kind: string, request: unknown, options?: { withinMs?: number; quietly?: boolean }): Promise<TaskAnswer>;
  /** Sends any event, such as only a newer hub knows. */
  say(event: string, data: unknown): void;
  spoil(how: ((answer: StateAnswer) => void) | undefined): void;
  /** Refuses requests with this error, or answers as ever (undefined). */
  refuse(how: { status: number; code: ErrorCode } | undefined): void;
  /** Drops the answer of the next request to this path, after having acted upon it. */
  loseAnswer(path: string): void;
  streamsCut: boolean;
  /** What it says it takes in reports; nothing, as an older hub does, which then refuses them. */
  accepts: readonly string[];
  /** A person has yet to approve the cluster: it may listen, and nothing else. */
  pending: boolean;
  approve(): void;
  /** Milliseconds by which the hub's clock is ahead. */
  skewMs: number;
  /** A later report sequence than any agent used, as after the loss of the agent's Secret. */
  reportSeq: number;
  /** Stops answering: every connection is cut and new ones are refused. */
  goAway(): Promise<void>;
  comeBack(certificate?: { certPem: string; keyPem: string }): Promise<void>;
  close(): Promise<void>;
}

export async function startScriptedHub(options: { tls?: { certPem: string; keyPem: string } } = {}): Promise<ScriptedHub> {
  const privateKey = generateKeyPairSync('ed25519').privateKey;
  const signingKey: SigningKey = { kid: thumbprint(publicSignJwk(privateKey)), privateKey };
  const joinToken = formatSecretToken('mfj', ORGANIZATION, randomBytes(32));
  const contents = new Map<string, KubeObject>();
  const states = new Map<string, DesiredState>();
  const streams = new Set<ServerResponse>();
  const inventory = new Map<string, unknown>();
  const conditions = new Map<string, ReportedCondition>();
  const history: ReportedCondition[] = [];
  const reports: Report[] = [];
  const schemas = new Map<string, ServedKind>();
  const requests: { method: string; path: string; bytes: number }[] = [];
  let agentKey: SignJwk | undefined;
  let enrolledWith: string | undefined;
  let enrolments = 0;
  let place = { epoch: 1, revision: 0, mode: 'ENFORCE' as OrganizationMode, approvedDeletions: 0, issuedAt: new Date().toISOString() };
  let state: DesiredState = EMPTY_STATE;
  let acknowledged: ScriptedHub['acknowledged'];
  let inventorySeq = 0;
  let spoiler: ((answer: StateAnswer) => void) | undefined;
  let refusal: { status: number; code: ErrorCode } | undefined;
  const lost = new Set<string>();
  const tasks = new Map<string, { readonly kind: string; readonly request: unknown; readonly deadline: string; taken: boolean; answer(value: TaskAnswer): void }>();
  const unheard: { readonly event: string; readonly data: unknown }[] = [];
  let server: Server;
  let port = 0;
  let url = '';
  const hub = { accepts: ['UNHEALTHY'] as readonly string[], streamsCut: false, pending: false, skewMs: 0, reportSeq: 0 };
  const nowSeconds = () => (Date.now() + hub.skewMs) / 1000;

  const json = (answer: ServerResponse, status: number, body: unknown) => answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const fail = (answer: ServerResponse, status: number, code: string, summary: string) => json(answer, status, { error: { code, summary }, hubTime: new Date(nowSeconds() * 1000).toISOString() });
  const desiredData = () => ({ epoch: place.epoch, revision: place.revision, digest: digestOf(state), mode: place.mode, approvedDeletions: place.approvedDeletions });
  const frame = (event: string, data: unknown, id?: string) => `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
  const sendDesired = (answer: ServerResponse) => answer.write(frame('desired', desiredData(), formatCursor(place)));

  function enroll(body: Buffer, answer: ServerResponse): void {
    const request = enrolRequestSchema.parse(JSON.parse(body.toString('utf8')));
    verifyEnrolmentProof(request.proof, request.signKey, { audience: url, sealKey: request.sealKey, clusterUid: request.clusterUid, joinToken: request.joinToken, now: nowSeconds() });
    const identity = `${request.clusterUid} ${thumbprint(request.signKey)}`;
    if (request.joinToken !== joinToken) return void fail(answer, 401, 'TOKEN_INVALID', 'The join token is not known');
    // The same keys from the same cluster are the same enrolment, whose answer was lost.
    if (enrolledWith !== undefined && enrolledWith !== identity) return void fail(answer, 409, 'TOKEN_USED', 'The join token was used');
    enrolledWith = identity;
    enrolments += 1;
    agentKey = request.signKey;
    json(answer, 200, { clusterId: CLUSTER, clusterName: request.clusterName, organizationId: ORGANIZATION, audience: url, status: hub.pending ? 'PENDING_APPROVAL' : 'ACTIVE', signingKeys: [publicSignJwk(privateKey)], epoch: place.epoch, hubTime: new Date(nowSeconds() * 1000).toISOString() });
  }

  function sendState(path: URL, answer: ServerResponse): void {
    const have = path.searchParams.get('have') ?? 'none';
    const base = states.get(have);
    const change = deltaBetween(base, state, (hash) => contents.get(hash));
    const delta: DesiredStateDelta = { protocol: 1, organizationId: ORGANIZATION, clusterId: CLUSTER, ...place, ...change };
    const body = canonicalJson(delta);
    const out: StateAnswer = { body, delta, signature: signState(signingKey, { org: ORGANIZATION, cluster: CLUSTER, epoch: place.epoch, revision: place.revision }, body) };
    spoiler?.(out);
    const packed = gzipSync(out.body);
    answer.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip', 'content-length': packed.length, ...(out.signature === undefined ? {} : { [SIGNATURE_HEADER]: out.signature }) });
    if (out.cutAfter === undefined) answer.end(packed);
    else answer.write(packed.subarray(0, out.cutAfter), () => answer.destroy());
  }

  function report(request: IncomingMessage, body: Buffer, answer: ServerResponse): void {
    const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const parsed = reportSchema.parse(JSON.parse(text.toString('utf8')));
    if (!hub.accepts.includes('UNHEALTHY') && parsed.conditions.items.some(({ status }) => status === 'UNHEALTHY')) return void fail(answer, 400, 'INVALID_INPUT', 'conditions.items.0.status: invalid option');
    if (parsed.seq <= hub.reportSeq) return void json(answer, 200, { seq: hub.reportSeq });
    hub.reportSeq = parsed.seq;
    reports.push(parsed);
    if (parsed.conditions.full) conditions.clear();
    for (const item of parsed.conditions.items) {
      history.push(item);
      if (item.status === 'APPLIED' || item.status === 'DELETED') conditions.delete(item.key);
      else conditions.set(item.key, item);
    }
    if (parsed.digest !== undefined) acknowledged = { epoch: parsed.epoch, revision: parsed.revision, digest: parsed.digest };
    let resync = false;
    if (parsed.inventory !== undefined) {
      if (parsed.inventory.base !== 0 && parsed.inventory.base !== inventorySeq) resync = true;
      else {
        if (parsed.inventory.base === 0) inventory.clear();
        for (const { key, body: summary } of parsed.inventory.upsert) inventory.set(key, summary);
        for (const key of parsed.inventory.remove) inventory.delete(key);
        inventorySeq = parsed.inventory.seq;
      }
    }
    const wantSchemas = Object.values(parsed.facts?.kindSchemas ?? {}).filter((digest) => !schemas.has(digest));
    json(answer, 200, { seq: parsed.seq, ...(resync ? { resyncInventory: true } : {}), ...(wantSchemas.length === 0 ? {} : { wantSchemas }), ...(hub.accepts.length === 0 ? {} : { accepts: hub.accepts }) });
  }

  async function handle(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer); // no encoding is set
    const body = Buffer.concat(chunks);
    const path = new URL(request.url ?? '/', 'http://hub');
    requests.push({ method: request.method ?? '', path: path.pathname, bytes: body.length });
    if (lost.delete(path.pathname)) answer.end = (() => answer.destroy()) as unknown as typeof answer.end; // the answer is lost on the way
    if (path.pathname === '/agent/v1/enroll') return enroll(body, answer);
    if (refusal !== undefined) return void fail(answer, refusal.status, refusal.code, 'refused as told');
    const token = readRequestToken(request.headers.authorization);
    if (agentKey === undefined) return void fail(answer, 401, 'SIGNATURE_INVALID', 'not enrolled');
    verifyRequest(token, { kid: thumbprint(agentKey), publicKey: importPublicKey(agentKey) }, { audience: url, method: request.method ?? '', path: request.url ?? '', body, now: nowSeconds() });
    if (hub.pending && !/\/(?:stream|poll)$/.test(path.pathname)) return void fail(answer, 403, 'APPROVAL_PENDING', 'A person has yet to approve this cluster');
    if (path.pathname === '/agent/v1/stream') {
      if (hub.streamsCut) return void request.socket.destroy();
      answer.writeHead(200, { 'content-type': 'text/event-stream' });
      answer.write(': hello\n\n');
      streams.add(answer);
      answer.on('close', () => streams.delete(answer));
      if (!hub.pending && isNews(parseCursor(path.searchParams.get('cursor') ?? '0.0'), place) && place.revision > 0) sendDesired(answer);
    } else if (path.pathname === '/agent/v1/poll') {
      const news = isNews(parseCursor(path.searchParams.get('cursor') ?? '0.0'), place) && place.revision > 0;
      if (!news) await new Promise((resolve) => setTimeout(resolve, 30));
      const waiting = [...tasks.values()].some(({ taken }) => !taken);
      json(answer, 200, { events: [...unheard.splice(0), ...(waiting ? [{ event: 'task', data: {} }] : []), ...(news ? [{ event: 'desired', id: formatCursor(place), data: desiredData() }] : [])], cursor: formatCursor(place) });
    } else if (path.pathname === '/agent/v1/state') sendState(path, answer);
    else if (path.pathname === '/agent/v1/report') report(request, body, answer);
    else if (path.pathname === '/agent/v1/schemas') {
      const kind = servedKindSchema.parse(JSON.parse(gunzipSync(body).toString('utf8')));
      schemas.set(contentHash(kind), kind);
      json(answer, 200, { digest: contentHash(kind) });
    }
    else if (path.pathname === '/agent/v1/tasks') {
      const due = [...tasks].filter(([, { taken }]) => !taken);
      for (const [, task] of due) task.taken = true;
      json(answer, 200, { tasks: due.map(([id, { kind, request, deadline }]) => ({ id, kind, request, deadline })) });
    } else if (path.pathname.startsWith('/agent/v1/tasks/')) {
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      const id = path.pathname.slice('/agent/v1/tasks/'.length);
      tasks.get(id)?.answer(taskAnswerSchema.parse(JSON.parse(text.toString('utf8'))));
      json(answer, 200, { taken: tasks.delete(id) });
    } else if (path.pathname === '/agent/v1/keys') {
      const wanted = rotateKeysRequestSchema.parse(JSON.parse(body.toString('utf8')));
      verifyRotationProof(wanted.proof, wanted.signKey, { audience: url, clusterId: CLUSTER, sealKey: wanted.sealKey, now: nowSeconds() });
      agentKey = wanted.signKey;
      json(answer, 200, {});
    } else fail(answer, 404, 'NOT_FOUND', 'no such path');
  }

  async function open(tls: { certPem: string; keyPem: string } | undefined): Promise<void> {
    const listener = (request: IncomingMessage, answer: ServerResponse) => {
      handle(request, answer).catch((error: unknown) => {
        const code = error instanceof MeshfleetError ? error.code : 'INTERNAL';
        if (!answer.headersSent) fail(answer, code === 'INTERNAL' ? 500 : 401, code, error instanceof Error ? error.message : 'failed');
      });
    };
    server = tls === undefined ? createHttpServer(listener) : createHttpsServer({ cert: tls.certPem, key: tls.keyPem }, listener);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${String(port)}`;
  }
  const shut = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  await open(options.tls);
  states.set(digestOf(EMPTY_STATE), EMPTY_STATE);

  const surface = {
    get url() { return url; },
    joinToken,
    signingKey,
    reports,
    schemas,
    requests,
    get acknowledged() { return acknowledged; },
    get state() { return state; },
    get newest() { return place.revision; },
    inventory,
    conditions,
    history,
    get enrolments() { return enrolments; },
    publish(publication: Publication) {
      const entries = (publication.objects ?? []).map((object): DesiredEntry => {
        const hash = contentHash(object);
        contents.set(hash, object);
        return { key: formatObjectKey(objectKeyOf(object)), hash, policyId: publication.policyId ?? POLICY, drift: publication.drift ?? 'CORRECT', conflicts: publication.conflicts ?? 'REPORT', ...(publication.takeOver === undefined ? {} : { takeOver: publication.takeOver }), ...(isMetadataOnly(object) ? { mode: 'METADATA' as const } : {}) };
      });
      const tombstones = (publication.tombstones ?? []).map((each) => (typeof each === 'string' ? { key: each, policyId: publication.policyId ?? POLICY } : each));
      state = normalizeState({ entries, tombstones });
      states.set(digestOf(state), state);
      place = {
        epoch: publication.epoch ?? place.epoch,
        revision: publication.revision ?? place.revision + 1,
        mode: publication.mode ?? 'ENFORCE',
        approvedDeletions: publication.approvedDeletions ?? 0,
        issuedAt: new Date(nowSeconds() * 1000).toISOString(),
      };
      this.announce();
      return place.revision;
    },
    announce() {
      for (const stream of streams) sendDesired(stream);
    },
    control(type: string) {
      for (const stream of streams) {
        stream.write(frame('control', { type }));
        if (type === 'quarantined' || type === 'evicted') stream.end();
      }
    },
    approve() {
      hub.pending = false;
      for (const stream of streams) stream.write(frame('control', { type: 'approved' }));
      this.announce();
    },
    ask(kind: string, request: unknown, { withinMs = 30_000, quietly = false } = {}) {
      const { promise, resolve } = Promise.withResolvers<TaskAnswer>();
      tasks.set(randomUUID(), { kind, request, deadline: new Date(nowSeconds() * 1000 + withinMs).toISOString(), taken: false, answer: resolve });
      if (!quietly) for (const stream of streams) stream.write(frame('task', {}));
      return promise;
    },
    say(event: string, data: unknown) {
      unheard.push({ event, data });
      for (const stream of streams) stream.write(frame(event, data));
    },
    spoil(how: ((answer: StateAnswer) => void) | undefined) { spoiler = how; },
    refuse(how: { status: number; code: ErrorCode } | undefined) { refusal = how; },
    loseAnswer(path: string) { lost.add(path); },
    goAway: shut,
    comeBack: (certificate?: { certPem: string; keyPem: string }) => open(certificate ?? options.tls),
    close: shut,
  };
  // Not Object.assign: it would copy what the getters say now.
  return Object.defineProperties(hub, Object.getOwnPropertyDescriptors(surface)) as ScriptedHub;
}
