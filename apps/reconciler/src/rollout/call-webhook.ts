import { isPublicAddress } from '@meshfleet/planner';
import { WEBHOOK_SIGNATURE_HEADER, signWebhook, webhookKeyOf } from '@meshfleet/pki';
import type { LookupAddress } from 'node:dns';
import { lookup as resolve } from 'node:dns/promises';
import { request as requestHttp } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { z } from 'zod';
import type { CallWebhook, WebhookCall } from './run-rollout.ts';

export interface WebhookOptions {
  /** The hub's key-encryption key, from which signing keys are derived; undefined: nothing is called. */
  readonly key: Uint8Array | undefined;
  /** Names of hosts that may have a private address. */
  readonly allowedHosts: ReadonlySet<string>;
  readonly now: () => Date;
  readonly timeoutMs?: number;
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
}

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 16 * 1024;
const answerSchema = z.object({ result: z.enum(['PASS', 'WAIT', 'FAIL']), message: z.string().max(2_000).optional() });

/**
 * Calls gates of rollouts: a signed POST to an address of the internet, resolved once and pinned, without redirects, bounded
 * in time and size. Whatever goes wrong is a WAIT that says what; the gate's own timeout ends it.
 */
export function createWebhookCaller(options: WebhookOptions): CallWebhook {
  return async (call) => {
    const { wave, attempt } = call;
    try {
      const said = await callOnce(options, call);
      return { wave, attempt, answer: said.result, evidence: said.message ?? `answered ${said.result}` };
    } catch (error) {
      return { wave, attempt, answer: 'WAIT', evidence: error instanceof Error ? error.message : String(error) };
    }
  };
}

async function callOnce(options: WebhookOptions, call: WebhookCall): Promise<z.output<typeof answerSchema>> {
  const { key } = options;
  if (key === undefined) throw refused('the reconciler has no MESHFLEET_KEY to sign calls with');
  const url = new URL(call.url);
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  // Of all of it: a name server may be as slow as the one that it names.
  const deadline = AbortSignal.timeout(timeoutMs);
  const pinned = await before(deadline, timeoutMs, pin(options, url.hostname.replace(/^\[|\]$/g, '')));
  const { organizationId, rolloutId, policy, version, wave, waveName, attempt } = call;
  const body = JSON.stringify({ type: 'rollout.gate', organizationId, rolloutId, policy, version, wave, waveName, attempt });
  const signature = signWebhook(webhookKeyOf(key, organizationId), body, Math.floor(options.now().getTime() / 1000));
  const { status, text } = await before(deadline, timeoutMs, post(url, pinned, body, signature, deadline));
  if (status < 200 || status > 299) throw refused(`it answered ${status}`);
  const parsed = answerSchema.safeParse(readJson(text));
  if (!parsed.success) throw refused('its answer is not {"result": "PASS" | "WAIT" | "FAIL", "message": "…"}');
  return parsed.data;
}

function before<T>(deadline: AbortSignal, timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((done, fail) => {
    const end = (): void => {
      fail(refused(`no answer within ${timeoutMs / 1000} s`));
    };
    if (deadline.aborted) end();
    deadline.addEventListener('abort', end, { once: true });
    work.then(done, fail).finally(() => {
      deadline.removeEventListener('abort', end);
    });
  });
}

/** The address that is connected to, and no other, whatever the name says a moment later. */
async function pin({ allowedHosts, resolve: ask }: WebhookOptions, host: string): Promise<LookupAddress> {
  const family = isIP(host);
  const addresses = family !== 0 ? [{ address: host, family }] : await (ask ?? ((name: string) => resolve(name, { all: true })))(host);
  const [first] = addresses;
  if (first === undefined) throw refused(`${host} has no address`);
  if (!allowedHosts.has(host.toLowerCase()) && !addresses.every(({ address }) => isPublicAddress(address))) {
    throw refused(`${host} is not on the internet: private, loopback and link-local addresses are not called (ROLLOUT_WEBHOOK_PRIVATE_HOSTS of the reconciler names exceptions)`);
  }
  return first;
}

function post(url: URL, pinned: LookupAddress, body: string, signature: string, signal: AbortSignal): Promise<{ status: number; text: string }> {
  const lookup: LookupFunction = (_host, given, done) => {
    if (given.all === true) done(null, [pinned]);
    else done(null, pinned.address, pinned.family);
  };
  const options: RequestOptions = {
    method: 'POST',
    lookup,
    // A connection of its own: none that somebody else has opened, to somewhere else.
    agent: false,
    signal,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), accept: 'application/json', 'user-agent': 'meshfleet', [WEBHOOK_SIGNATURE_HEADER]: signature },
  };
  return new Promise((done, fail) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options, (response) => {
      readBounded(response).then((text) => {
        done({ status: response.statusCode ?? 0, text });
      }, fail);
    });
    request.on('error', fail);
    request.end(body);
  });
}

async function readBounded(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) {
      response.destroy();
      throw refused(`its answer is longer than ${MOST_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refused(message: string): Error {
  return new TypeError(message);
}
