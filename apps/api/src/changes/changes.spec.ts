import { createClient } from 'graphql-sse';
import WebSocket from 'ws';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { populate, type Populated } from '../testing/populate.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { ChangeFeed } from './change-feed.ts';

let api: TestApi;
let ada: { id: string; slug: string; token: string };
let eve: { id: string; slug: string; token: string };
let adas: Populated;

beforeAll(async () => {
  api = await startTestApi();
  ada = await api.organization('ada', 'acme');
  eve = await api.organization('eve', 'evil');
  adas = await populate(api, ada, 'adamark');
  await populate(api, eve, 'evemark');
});
afterAll(() => api.close());
afterEach(() => expect.poll(() => feed().size).toBe(0));

const feed = (): ChangeFeed => api.app.get(ChangeFeed);
const quarantine = (name: string) => api.query(ada.token, `mutation ($id: ID!) { ${name}(input: {id: $id}) { userErrors { code } } }`, { id: adas.Cluster });

interface Stream {
  readonly events: { data?: Record<string, { name: string; status?: string }>; errors?: readonly { message: string; extensions?: Record<string, unknown> }[] }[];
  readonly ended: Promise<unknown>;
  stop(): void;
}

/** Subscribes by server-sent events and waits until the server listens. */
async function subscribe(token: string, query: string, variables: Record<string, unknown> = {}): Promise<Stream> {
  const watching = feed().size;
  const client = createClient({ url: `${api.url}/graphql/stream`, headers: { authorization: `Bearer ${token}` }, retryAttempts: 0 });
  const events: Stream['events'] = [];
  const ended = Promise.withResolvers<unknown>();
  const stop = client.subscribe({ query, variables }, { next: (value) => events.push(value as Stream['events'][number]), error: ended.resolve, complete: () => ended.resolve(undefined) });
  await expect.poll(() => feed().size > watching || events.length > 0).toBe(true);
  return { events, ended: ended.promise, stop };
}

describe('subscriptions over server-sent events', () => {
  it('tell of a change as it is now, once for many changes at once', async () => {
    const stream = await subscribe(ada.token, 'subscription { clusterChanged { name status policies(first: 1) { nodes { policy { name } } } } }');
    await quarantine('clusterQuarantine');
    await quarantine('clusterRelease');
    await quarantine('clusterQuarantine');
    await expect.poll(() => stream.events.at(-1)?.data?.['clusterChanged']?.status).toBe('QUARANTINED');
    expect(stream.events.length).toBeLessThanOrEqual(3);
    stream.stop();
    await expect.poll(() => feed().size).toBe(0);
    await quarantine('clusterRelease');
  });

  it('tell nothing of another organization, not even when asked by its id', async () => {
    const all = await subscribe(eve.token, 'subscription { clusterChanged { name } }');
    const one = await subscribe(eve.token, 'subscription ($id: ID) { clusterChanged(id: $id) { name } }', { id: adas.Cluster });
    const mine = await subscribe(ada.token, 'subscription ($id: ID) { clusterChanged(id: $id) { name } }', { id: adas.Cluster });
    await quarantine('clusterQuarantine');
    await quarantine('clusterRelease');
    await expect.poll(() => mine.events.length).toBeGreaterThan(0);
    expect([...all.events, ...one.events]).toEqual([]);
    for (const stream of [all, one, mine]) stream.stop();
  });

  it('follow a policy', async () => {
    const stream = await subscribe(ada.token, 'subscription { policyChanged { name currentVersion { version } } }');
    await api.query(ada.token, 'mutation { policyDelete(input: {name: "adamark-policy", supersede: true}) { userErrors { code } } }');
    await expect.poll(() => stream.events[0]?.data?.['policyChanged']?.name).toBe('adamark-policy');
    stream.stop();
  });

  it('end with an error, and without the event, for those who lost their membership', async () => {
    await api.db.admin.query(`insert into member (id, organization_id, identity, role) values (gen_random_uuid(), $1, $2, 'VIEWER')`, [ada.id, `${api.issuer.issuer}|guest`]);
    const stream = await subscribe(await api.token('guest'), 'subscription { clusterChanged { name } }');
    await api.db.admin.query('delete from member where identity = $1', [`${api.issuer.issuer}|guest`]);
    await quarantine('clusterQuarantine');
    await stream.ended;
    expect(JSON.stringify(stream.events)).not.toContain('adamark-cluster');
    expect(stream.events[0]?.errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN' });
    await quarantine('clusterRelease');
  });

  it('end when the token expires', async () => {
    // Tokens are accepted for 30 s more than they live: a stream is not.
    const stream = await subscribe(await api.token('ada', 2), 'subscription { clusterChanged { name } }');
    await stream.ended;
    expect(feed().size).toBe(0);
  });

  it.each([
    ['a query', '{ viewer { identity } }'],
    ['an unknown field', 'subscription { clusterChanged { secrets } }'],
    ['too many fields', `subscription { clusterChanged { ${'name '.repeat(20_000)} } }`],
    ['a document in JSON', '{"kind":"Document","definitions":[]}'],
  ])('refuse %s', async (_name, query) => {
    const response = await fetch(`${api.url}/graphql/stream`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query }),
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(/INVALID_INPUT|LIMIT_EXCEEDED/);
  });
});

it('subscriptions that are sent where one request has one answer are told where to go', async () => {
  const answer = await api.query(ada.token, 'subscription { clusterChanged { name } }');
  expect(answer).toMatchObject({ status: 400, errors: [{ extensions: { code: 'INVALID_INPUT', fix: expect.stringContaining('/graphql/stream') as string } }] });
});

describe('subscriptions over WebSocket', () => {
  /** Speaks graphql-transport-ws; resolves with the first message that answers the subscription, or the close code. */
  async function open(options: { headers?: Record<string, string>; payload?: object; query?: string; after?: () => Promise<unknown> }): Promise<{ type: string; payload?: unknown } | number> {
    await until(() => feed().size === 0);
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers: options.headers ?? {} });
    return new Promise((resolve) => {
      socket.on('open', () => {
        socket.send(JSON.stringify({ type: 'connection_init', payload: options.payload }));
      });
      socket.on('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0);
      });
      socket.on('error', () => undefined);
      socket.on('close', (code) => {
        resolve(code);
      });
      socket.on('message', (raw: Buffer) => {
        const message = JSON.parse(raw.toString()) as { type: string; payload?: unknown };
        if (message.type === 'connection_ack') {
          socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: options.query ?? 'subscription { clusterChanged { name } }' } }));
          void until(() => feed().size > 0).then(options.after);
        } else if (message.type === 'next' || message.type === 'error') {
          resolve(message);
          socket.close();
        }
      });
    });
  }
  const change = async () => {
    await quarantine('clusterQuarantine');
    await quarantine('clusterRelease');
  };

  it('tell of a change to those who signed in by header, or in connection_init', async () => {
    const event = { type: 'next', payload: { data: { clusterChanged: { name: 'adamark-cluster' } } } };
    expect(await open({ headers: { authorization: `Bearer ${ada.token}` }, after: change })).toMatchObject(event);
    expect(await open({ payload: { Authorization: `Bearer ${ada.token}` }, after: change })).toMatchObject(event);
  });

  it('refuse those who did not, and cookies that another site sends', async () => {
    expect(await open({})).toMatchObject({ type: 'error' });
    expect(await open({ headers: { authorization: 'Bearer nonsense' } })).toBe(401);
    expect(await open({ headers: { cookie: `meshfleet_session=${ada.token}`, origin: 'https://evil.example' } })).toBe(403);
  });

  it('are held to the same limits', async () => {
    const query = `subscription { clusterChanged { ${Array.from({ length: 50 }, (_, i) => `a${i}: name`).join(' ')} } }`;
    expect(await open({ headers: { authorization: `Bearer ${ada.token}` }, query })).toMatchObject({ type: 'error' });
  });
});

it('a process that is told to end lets its subscribers go', async () => {
  const draining = await startTestApi();
  const { token } = await draining.organization('ada', 'acme');
  const client = createClient({ url: `${draining.url}/graphql/stream`, headers: { authorization: `Bearer ${token}` }, retryAttempts: 0 });
  const ended = Promise.withResolvers<unknown>();
  client.subscribe({ query: 'subscription { clusterChanged { name } }' }, { next: () => undefined, error: ended.resolve, complete: () => ended.resolve(undefined) });
  const socket = new WebSocket(`${draining.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers: { authorization: `Bearer ${token}` } });
  socket.on('message', (raw: Buffer) => {
    if (raw.toString().includes('connection_ack')) socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: 'subscription { clusterChanged { name } }' } }));
  });
  socket.on('open', () => {
    socket.send(JSON.stringify({ type: 'connection_init' }));
  });
  const closed = new Promise((resolve) => socket.on('close', resolve));
  await until(() => draining.app.get(ChangeFeed).size === 2);
  await draining.close();
  await Promise.all([ended.promise, closed]);
});

/** As expect.poll, for where no assertion is awaited. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !condition(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 10));
}
