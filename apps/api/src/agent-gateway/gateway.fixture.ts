import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLocalCustody } from '@meshfleet/pki';
import { formatSecretToken, hashSecretToken, publicSealJwk, publicSignJwk, signEnrolmentProof, signRequest, thumbprint } from '@meshfleet/protocol';
import type { AgentEvent, EnrolResponse, SealJwk, SigningKey, SignJwk } from '@meshfleet/protocol';
import { withTestStore } from '@meshfleet/store';
import type { Store, TestStore } from '@meshfleet/store';
import { createLogger, createMetrics } from '@meshfleet/telemetry';
import { fastify } from 'fastify';
import { createAgentGateway } from './create-gateway.ts';
import type { AgentGateway } from './create-gateway.ts';
import type { GatewayContext } from './gateway-context.ts';

export const AUDIENCE = 'https://fleet.example';
const key = randomBytes(32);

/** The gateway behind a real server, on a real database. */
export interface TestGateway {
  readonly db: TestStore;
  readonly gateway: AgentGateway;
  readonly url: string;
  /** Another process on the same database. */
  another(changes?: Partial<GatewayContext>): Promise<{ readonly url: string; readonly gateway: AgentGateway; stop(): Promise<void> }>;
  stop(): Promise<void>;
}

export async function startGateway(changes: Partial<GatewayContext> = {}): Promise<TestGateway> {
  const db = await withTestStore();
  const first = await serve(db.store, changes);
  const others: { stop(): Promise<void> }[] = [];
  return {
    db,
    gateway: first.gateway,
    url: first.url,
    async another(more = {}) {
      const other = await serve(await db.openAnother(), more);
      others.push(other);
      return other;
    },
    async stop() {
      await Promise.all([first, ...others].map((each) => each.stop()));
      await db.close();
    },
  };
}

async function serve(store: Store, changes: Partial<GatewayContext>) {
  const custody = createLocalCustody({ key, random: randomBytes });
  const logger = createLogger('test', { level: 'silent' });
  const gateway = createAgentGateway({ store, custody, audience: AUDIENCE, logger, metrics: createMetrics('test'), clock: Date.now, random: Math.random, randomBytes, ...changes });
  const server = fastify({ forceCloseConnections: true });
  gateway.register(server);
  await gateway.start();
  await server.listen({ port: 0, host: '127.0.0.1' });
  let stopped = false;
  return {
    gateway,
    url: `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    async stop() {
      if (stopped) return;
      stopped = true;
      await gateway.drain();
      await server.close();
      await gateway.close();
    },
  };
}

export interface TokenOptions {
  readonly labels?: object;
  readonly maxUses?: number;
  readonly requireApproval?: boolean;
  readonly expiresAt?: Date;
  readonly revokedAt?: Date;
}

export async function createJoinToken({ db }: TestGateway, organizationId: string, options: TokenOptions = {}): Promise<string> {
  const secret = formatSecretToken('mfj', organizationId, randomBytes(32));
  await db.admin.query(
    `insert into join_token (id, organization_id, name, hash, labels, max_uses, require_approval, expires_at, revoked_at, created_by)
     values ($1, $2, 'test', $3, $4, $5, $6, $7, $8, 'user:test')`,
    [
      randomUUID(),
      organizationId,
      hashSecretToken(secret),
      JSON.stringify(options.labels ?? {}),
      options.maxUses ?? 1,
      options.requireApproval ?? false,
      options.expiresAt ?? new Date(Date.now() + 3_600_000),
      options.revokedAt ?? null,
    ],
  );
  return secret;
}

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly json: T;
}

export async function send<T = Record<string, unknown>>(url: string, path: string, init: RequestInit = {}): Promise<Answer<T>> {
  const response = await fetch(`${url}${path}`, init);
  const bytes = Buffer.from(await response.arrayBuffer());
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, headers: response.headers, bytes, json: (isJson ? JSON.parse(bytes.toString()) : {}) as T };
}

export interface AgentKeys {
  readonly sign: SigningKey;
  readonly signJwk: SignJwk;
  readonly sealJwk: SealJwk;
}

export function newKeys(): AgentKeys {
  const { privateKey } = generateKeyPairSync('ed25519');
  const signJwk = publicSignJwk(privateKey);
  return { sign: { kid: thumbprint(signJwk), privateKey }, signJwk, sealJwk: publicSealJwk(generateKeyPairSync('x25519').privateKey) };
}

export interface EnrolChanges {
  readonly keys?: AgentKeys;
  readonly uid?: string;
  readonly name?: string;
  readonly proof?: string;
  readonly now?: number;
  readonly audience?: string;
}

export async function enrol(url: string, joinToken: string, changes: EnrolChanges = {}): Promise<Answer<EnrolResponse> & { readonly keys: AgentKeys }> {
  const keys = changes.keys ?? newKeys();
  const clusterUid = changes.uid ?? randomUUID();
  const audience = changes.audience ?? AUDIENCE;
  const now = changes.now ?? Date.now() / 1000;
  const proof = changes.proof ?? signEnrolmentProof(keys.sign, { audience, sealKey: keys.sealJwk, clusterUid, joinToken, now, jti: randomUUID() });
  const body = {
    protocol: 1,
    joinToken,
    clusterUid,
    clusterName: changes.name ?? `c-${randomBytes(6).toString('hex')}`,
    signKey: keys.signJwk,
    sealKey: keys.sealJwk,
    agentVersion: '0.1.0',
    kubernetesVersion: 'v1.35.0',
    proof,
  };
  return { ...(await send<EnrolResponse>(url, '/agent/v1/enroll', { method: 'POST', body: JSON.stringify(body) })), keys };
}

/** An enrolled agent that signs what it sends. */
export class TestAgent {
  readonly url: string;
  readonly keys: AgentKeys;
  readonly identity: EnrolResponse;

  constructor(url: string, keys: AgentKeys, identity: EnrolResponse) {
    this.url = url;
    this.keys = keys;
    this.identity = identity;
  }

  static async enrol(gateway: TestGateway, organizationId: string, options: TokenOptions & EnrolChanges = {}): Promise<TestAgent> {
    const { keys, json, status } = await enrol(gateway.url, await createJoinToken(gateway, organizationId, options), options);
    if (status !== 200) throw new TypeError(`enrolment answered ${status}: ${JSON.stringify(json)}`);
    return new TestAgent(gateway.url, keys, json);
  }

  authorization(method: string, path: string, body?: Uint8Array, changes: Partial<Parameters<typeof signRequest>[0]> = {}): string {
    const { clusterId, organizationId, audience } = this.identity;
    const signed = { key: this.keys.sign, clusterId, organizationId, audience, method, path, now: Date.now() / 1000, jti: randomUUID() };
    return signRequest({ ...signed, ...(body === undefined ? {} : { body }), ...changes });
  }

  get<T = Record<string, unknown>>(path: string, headers: Record<string, string> = {}): Promise<Answer<T>> {
    return send<T>(this.url, path, { headers: { authorization: this.authorization('GET', path), ...headers } });
  }

  post<T = Record<string, unknown>>(path: string, value: unknown, headers: Record<string, string> = {}): Promise<Answer<T>> {
    const body = value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(JSON.stringify(value));
    return send<T>(this.url, path, { method: 'POST', body, headers: { 'content-type': 'application/json', authorization: this.authorization('POST', path, body), ...headers } });
  }

  report<T = { seq: number; resyncInventory?: boolean }>(seq: number, changes: object = {}): Promise<Answer<T>> {
    return this.post<T>('/agent/v1/report', { seq, epoch: 1, revision: 0, conditions: { full: false, items: [] }, ...changes });
  }

  listen(cursor = '0.0', headers: Record<string, string> = {}, url = this.url): Promise<TestStream> {
    const path = `/agent/v1/stream?cursor=${cursor}`;
    return TestStream.open(`${url}${path}`, { authorization: this.authorization('GET', path), ...headers });
  }
}

/** An open event stream, read event by event. */
export class TestStream {
  readonly status: number;
  text = '';
  ended = false;
  readonly #response: IncomingMessage;
  readonly #waiting = new Set<() => void>();

  constructor(response: IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    const wake = (): void => this.#waiting.forEach((look) => look());
    response.setEncoding('utf8').on('data', (chunk: string) => {
      this.text += chunk;
      wake();
    });
    response.on('close', () => {
      this.ended = true;
      wake();
    });
    response.on('error', () => undefined);
  }

  static open(url: string, headers: Record<string, string>): Promise<TestStream> {
    return new Promise((resolve, reject) => {
      httpRequest(url, { headers, agent: false }, (response) => resolve(new TestStream(response)))
        .on('error', reject)
        .end();
    });
  }

  get events(): readonly AgentEvent[] {
    return this.text
      .split('\n\n')
      .slice(0, -1)
      .filter((frame) => frame.startsWith('event:'))
      .map((frame) => {
        const fields = new Map(frame.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
        return { event: fields.get('event'), ...(fields.has('id') ? { id: fields.get('id') } : {}), data: JSON.parse(fields.get('data') ?? '') as unknown } as AgentEvent;
      });
  }

  /** Resolves once the condition holds; a test that waits for what never comes fails by its own timeout. */
  until(condition: (stream: TestStream) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition(this)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  close(): void {
    this.#response.destroy();
  }
}
