import { MeshfleetError } from '@meshfleet/model';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';

/** Plain requests to an API server, as a kubelet makes them. */
export interface ApiClient {
  get<T>(path: string): Promise<T>;
  /** undefined where there is no such object. */
  find<T>(path: string): Promise<T | undefined>;
  create<T>(path: string, body: unknown): Promise<T>;
  patch<T>(path: string, body: unknown): Promise<T>;
  delete(path: string, body?: unknown): Promise<void>;
  close(): void;
}

const TIMEOUT_MS = 10_000;

export function createApiClient({ url, caPem, adminToken }: { url: string; caPem: string; adminToken: string }): ApiClient {
  const agent = new Agent({ ca: caPem, keepAlive: true, maxSockets: 8 });
  const send = async (method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<{ status: number; text: string }> => {
    const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const outgoing = request(`${url}${path}`, {
      agent,
      method,
      timeout: TIMEOUT_MS,
      // The length is told: Node frames no body of a DELETE by itself, and the next request would begin in the midst of it.
      headers: { authorization: `Bearer ${adminToken}`, accept: 'application/json', ...(content === undefined ? {} : { 'content-type': contentType, 'content-length': content.length }) },
    });
    const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
      outgoing.on('response', (response) => {
        text(response).then((answer) => {
          resolve({ status: response.statusCode ?? 0, text: answer });
        }, reject);
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
      outgoing.on('error', reject);
    });
    outgoing.end(content);
    try {
      return await answered;
    } catch (cause) {
      throw new MeshfleetError({ code: 'KUBERNETES_UNREACHABLE', summary: `${method} ${path}: ${(cause as Error).message}` }, { cause }); // Node rejects with Errors
    }
  };
  const call = async <T>(method: string, path: string, body?: unknown, contentType?: string): Promise<T> => {
    const answer = await send(method, path, body, contentType);
    if (answer.status < 300) return JSON.parse(answer.text) as T; // the caller knows the kind that it asked for
    throw new MeshfleetError({ code: 'KUBERNETES_REFUSED', summary: `${method} ${path} answered ${answer.status}`, why: answer.text });
  };
  return {
    get: (path) => call('GET', path),
    find: async <T>(path: string) => {
      const answer = await send('GET', path);
      if (answer.status === 404) return undefined;
      if (answer.status < 300) return JSON.parse(answer.text) as T; // the caller knows the kind that it asked for
      throw new MeshfleetError({ code: 'KUBERNETES_REFUSED', summary: `GET ${path} answered ${answer.status}`, why: answer.text });
    },
    create: (path, body) => call('POST', path, body),
    patch: (path, body) => call('PATCH', path, body, 'application/merge-patch+json'),
    delete: async (path, body) => {
      await send('DELETE', path, body);
    },
    close: () => {
      agent.destroy();
    },
  };
}
