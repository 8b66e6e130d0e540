import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { Agent, request, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import {
  acceptState,
  publicSealJwk,
  publicSignJwk,
  signEnrolmentProof,
  SIGNATURE_HEADER,
  signRequest,
  thumbprint,
  type DesiredState,
  type EnrolResponse,
  type Report,
  type SigningKey,
} from '@meshfleet/protocol';
import { enrolResponseSchema } from '@meshfleet/protocol';

/** What a bench counts over all its agents. */
export interface AgentCounters {
  streams: number;
  events: number;
  stateFetches: number;
  stateBytes: number;
  manifests: number;
  reports: number;
  refused: number;
}

export function createCounters(): AgentCounters {
  return { streams: 0, events: 0, stateFetches: 0, stateBytes: 0, manifests: 0, reports: 0, refused: 0 };
}

/**
 * An agent at the level of the protocol: real keys, real signatures, real checks of what the hub sends, and no cluster
 * behind it: it acknowledges each state as applied at once.
 */
export interface ProtocolAgent {
  readonly name: string;
  readonly clusterId: string;
  /** Opens the stream and follows it until {@link close}; reconnects after a cut. */
  listen(): void;
  /** True while the stream is open. */
  connected(): boolean;
  close(): void;
}

export interface ProtocolAgentOptions {
  readonly url: string;
  readonly joinToken: string;
  readonly name: string;
  readonly counters: AgentCounters;
  /** Called when the hub has taken the acknowledgement of a revision. */
  readonly onAcknowledged?: (revision: number, at: number) => void;
}

const sockets = new Agent({ keepAlive: true, maxSockets: 256 });
const RECONNECT_MS = 1_000;

export async function enrolProtocolAgent(options: ProtocolAgentOptions): Promise<ProtocolAgent> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const sealKey = publicSealJwk(generateKeyPairSync('x25519').privateKey);
  const signKey = publicSignJwk(privateKey);
  const key: SigningKey = { kid: thumbprint(signKey), privateKey };
  const clusterUid = randomUUID();
  const proof = signEnrolmentProof(key, {
    audience: options.url,
    sealKey,
    now: Date.now() / 1000,
    clusterUid,
    joinToken: options.joinToken,
    jti: randomUUID(),
  });
  const answer = await send(options.url, 'POST', '/agent/v1/enroll', {
    body: {
      protocol: 1,
      joinToken: options.joinToken,
      clusterUid,
      clusterName: options.name,
      signKey,
      sealKey,
      agentVersion: '0.1.0',
      kubernetesVersion: 'v1.35.4',
      proof,
    },
  });
  if (answer.status !== 200) throw new Error(`enrolment of ${options.name}: ${answer.status} ${answer.body.toString().slice(0, 300)}`);
  return followHub(options, key, enrolResponseSchema.parse(JSON.parse(answer.body.toString())));
}

function followHub(options: ProtocolAgentOptions, key: SigningKey, identity: EnrolResponse): ProtocolAgent {
  const { counters } = options;
  let pinned = { epoch: 0, revision: 0, digest: undefined as string | undefined, state: undefined as DesiredState | undefined, cursor: '0.0', evidence: '' };
  let seq = 0;
  let open: IncomingMessage | undefined;
  let closed = false;
  let fetching = false;
  let wanted = 0;

  const signed = (method: string, path: string, body?: Buffer): string =>
    signRequest({
      key,
      clusterId: identity.clusterId,
      organizationId: identity.organizationId,
      audience: identity.audience,
      method,
      path,
      ...(body === undefined ? {} : { body }),
      now: Date.now() / 1000,
      jti: randomUUID(),
    });

  const fetchState = async (): Promise<void> => {
    const path = `/agent/v1/state?have=${pinned.digest ?? 'none'}`;
    const answer = await send(options.url, 'GET', path, { authorization: signed('GET', path) });
    if (answer.status !== 200) throw new Error(`state: ${answer.status}`);
    counters.stateFetches += 1;
    counters.stateBytes += answer.wireBytes;
    const signature = answer.headers[SIGNATURE_HEADER];
    const verdict = acceptState(
      {
        organizationId: identity.organizationId,
        clusterId: identity.clusterId,
        epoch: pinned.epoch,
        revision: pinned.revision,
        ...(pinned.digest === undefined ? {} : { digest: pinned.digest }),
        ...(pinned.state === undefined ? {} : { state: pinned.state }),
      },
      answer.body,
      typeof signature === 'string' ? signature : undefined,
      identity.signingKeys,
    );
    if (!verdict.accepted) {
      counters.refused += 1;
      return;
    }
    const { delta, state } = verdict;
    counters.manifests += delta.upsert.filter(({ object }) => object !== undefined).length;
    pinned = { ...pinned, epoch: delta.epoch, revision: delta.revision, digest: delta.digest, state, evidence: String(signature) };
    await report({ epoch: delta.epoch, revision: delta.revision, digest: delta.digest });
    options.onAcknowledged?.(delta.revision, performance.now());
  };

  const report = async (acknowledged: Pick<Report, 'epoch' | 'revision' | 'digest'>): Promise<void> => {
    seq += 1;
    const body = Buffer.from(JSON.stringify({ seq, ...acknowledged, conditions: { full: true, items: [] } } satisfies Report));
    const answer = await send(options.url, 'POST', '/agent/v1/report', { raw: body, authorization: signed('POST', '/agent/v1/report', body) });
    if (answer.status !== 200) throw new Error(`report: ${answer.status} ${answer.body.toString().slice(0, 200)}`);
    counters.reports += 1;
  };

  const catchUp = async (): Promise<void> => {
    if (fetching) return;
    fetching = true;
    try {
      while (pinned.revision < wanted) await fetchState();
    } finally {
      fetching = false;
    }
  };

  const connect = (): void => {
    if (closed) return;
    const path = `/agent/v1/stream?cursor=${pinned.cursor}`;
    const again = (): void => {
      open = undefined;
      if (!closed) setTimeout(connect, RECONNECT_MS * (0.5 + Math.random()));
    };
    const outgoing = request(`${options.url}${path}`, {
      agent: false,
      headers: { authorization: signed('GET', path), accept: 'text/event-stream', ...(pinned.evidence === '' ? {} : { 'meshfleet-evidence': pinned.evidence }) },
    });
    outgoing.on('error', again);
    outgoing.on('response', (response) => {
      if (response.statusCode !== 200) {
        response.resume();
        again();
        return;
      }
      open = response;
      counters.streams += 1;
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const frames = (rest + chunk).split('\n\n');
        rest = frames.pop() ?? '';
        for (const frame of frames) onFrame(frame);
      });
      response.on('error', () => undefined);
      response.on('close', again);
    });
    outgoing.end();
  };

  const onFrame = (frame: string): void => {
    const fields = Object.fromEntries(frame.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
    if (fields['event'] !== 'desired') return;
    counters.events += 1;
    pinned.cursor = fields['id'] ?? pinned.cursor;
    wanted = Math.max(wanted, (JSON.parse(fields['data'] ?? '{}') as { revision: number }).revision);
    catchUp().catch(() => setTimeout(() => void catchUp().catch(() => undefined), RECONNECT_MS));
  };

  return {
    name: options.name,
    clusterId: identity.clusterId,
    listen: connect,
    connected: () => open !== undefined,
    close: () => {
      closed = true;
      open?.destroy();
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly wireBytes: number;
}

function send(url: string, method: string, path: string, options: { body?: unknown; raw?: Buffer; authorization?: string }): Promise<Answer> {
  const body = options.raw ?? (options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body)));
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${url}${path}`,
      {
        method,
        agent: sockets,
        headers: {
          'accept-encoding': 'gzip',
          ...(options.authorization === undefined ? {} : { authorization: options.authorization }),
          ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const wire = Buffer.concat(chunks);
          const plain = response.headers['content-encoding'] === 'gzip' ? gunzipSync(wire) : wire;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: plain, wireBytes: wire.length });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
