import { describe, expect, it } from 'vitest';
import { MERGE } from './client.ts';
import { configMap, configMaps } from './objects.ts';
import { withCluster } from './with-cluster.ts';

const bed = withCluster();
const names = (body: { items: { metadata: { name: string } }[] }): string[] => body.items.map(({ metadata }) => metadata.name);
const secrets = (ns: string): string => `/api/v1/namespaces/${ns}/secrets`;
const secret = (name: string, labels: Record<string, string> = {}, type = 'Opaque') => ({ metadata: { name, labels }, type });

async function fill(count: number): Promise<string> {
  const ns = await bed.client.namespace();
  for (let index = 0; index < count; index += 1) await bed.client.post(secrets(ns), secret(`s${String(index).padStart(2, '0')}`, { n: String(index), parity: index % 2 === 0 ? 'even' : 'odd' }));
  return ns;
}

describe('list', () => {
  it('has its kind, a resourceVersion, and items in order of their names', async () => {
    const ns = await fill(3);
    const { body } = await bed.client.get(secrets(ns));
    expect(body).toMatchObject({ kind: 'SecretList', apiVersion: 'v1' });
    expect(Number(body.metadata.resourceVersion)).toBeGreaterThan(0);
    expect(names(body)).toEqual(['s00', 's01', 's02']);
    expect(body.items[0].kind).toBeUndefined();
  });
  it('comes in pages that add up, from one snapshot', async () => {
    const ns = await fill(7);
    const first = await bed.client.get(`${secrets(ns)}?limit=3`);
    expect(names(first.body)).toEqual(['s00', 's01', 's02']);
    expect(first.body.metadata.remainingItemCount).toBe(4);
    await bed.client.post(secrets(ns), secret('s00a'));
    await bed.client.delete(`${secrets(ns)}/s06`);
    const second = await bed.client.get(`${secrets(ns)}?limit=3&continue=${encodeURIComponent(first.body.metadata.continue)}`);
    const third = await bed.client.get(`${secrets(ns)}?limit=3&continue=${encodeURIComponent(second.body.metadata.continue)}`);
    expect([...names(first.body), ...names(second.body), ...names(third.body)]).toEqual(['s00', 's01', 's02', 's03', 's04', 's05', 's06']);
    expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
    expect(third.body.metadata.continue).toBeUndefined();
  });
  it('refuses a continue token that is none', async () => {
    const ns = await fill(1);
    const { status } = await bed.client.get(`${secrets(ns)}?limit=1&continue=nonsense`);
    expect(status).toBe(400);
  });
  it.each([
    ['parity=even', ['s00', 's02']],
    ['parity!=even', ['s01', 's03']],
    ['parity==odd,n=1', ['s01']],
    ['n in (0,3)', ['s00', 's03']],
    ['n notin (0,3)', ['s01', 's02']],
    ['parity', ['s00', 's01', 's02', 's03']],
    ['!parity', []],
    ['n>2', ['s03']],
    ['n<1', ['s00']],
  ])('selects by labels: %s', async (selector, expected) => {
    const ns = await fill(4);
    const { body } = await bed.client.get(`${secrets(ns)}?labelSelector=${encodeURIComponent(selector)}`);
    expect(names(body)).toEqual(expected);
  });
  it('refuses a label selector that is none', async () => {
    const { status, body } = await bed.client.get(`${secrets('default')}?labelSelector=${encodeURIComponent('a in')}`);
    expect(status).toBe(400);
    expect(body.reason).toBe('BadRequest');
  });
  it('selects by the fields that a kind supports, and refuses others', async () => {
    const ns = await fill(2);
    await bed.client.post(secrets(ns), secret('typed', {}, 'example.test/special'));
    expect(names((await bed.client.get(`${secrets(ns)}?fieldSelector=metadata.name%3Ds01`)).body)).toEqual(['s01']);
    expect(names((await bed.client.get(`${secrets(ns)}?fieldSelector=type%3Dexample.test/special`)).body)).toEqual(['typed']);
    expect(names((await bed.client.get(`${secrets(ns)}?fieldSelector=metadata.name!%3Ds01,type%3DOpaque`)).body)).toEqual(['s00']);
    const refused = await bed.client.get(`${secrets(ns)}?fieldSelector=data.x%3Dy`);
    expect(refused.status).toBe(400);
    expect(refused.body.message).toContain('field label not supported: data.x');
  });
  it('reaches over all namespaces', async () => {
    const ns = await fill(1);
    const { body } = await bed.client.get('/api/v1/secrets?limit=500');
    expect(body.items.some((item: { metadata: { namespace: string } }) => item.metadata.namespace === ns)).toBe(true);
  });
  it('can be a Table', async () => {
    const ns = await fill(1);
    const { body } = await bed.client.get(secrets(ns), { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' });
    expect(body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
    expect(body.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(['Name', 'Type', 'Data', 'Age']);
    expect(body.rows[0].cells.slice(0, 3)).toEqual(['s00', 'Opaque', 0]);
    expect(body.rows[0].object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 's00' } });
  });
  it('can be exact about a resourceVersion', async () => {
    const ns = await fill(2);
    const { body: before } = await bed.client.get(secrets(ns));
    await bed.client.delete(`${secrets(ns)}/s00`);
    const { body } = await bed.client.get(`${secrets(ns)}?resourceVersion=${before.metadata.resourceVersion}&resourceVersionMatch=Exact&limit=10`);
    expect(names(body)).toEqual(['s00', 's01']);
  });
});

describe('watch', () => {
  it('tells what happened since a resourceVersion, in order, and nothing older', async () => {
    const ns = await fill(1);
    const { body: list } = await bed.client.get(secrets(ns));
    await bed.client.post(secrets(ns), secret('new'));
    await bed.client.patch(`${secrets(ns)}/new`, MERGE, { metadata: { labels: { a: 'b' } } });
    await bed.client.delete(`${secrets(ns)}/new`);
    const watch = await bed.client.watch(`${secrets(ns)}?resourceVersion=${list.metadata.resourceVersion}`);
    const events = [await watch.next(), await watch.next(), await watch.next()];
    watch.close();
    expect(events.map(({ type, object }) => `${type} ${object.metadata.name}`)).toEqual(['ADDED new', 'MODIFIED new', 'DELETED new']);
    expect(events[0]?.object.kind).toBe('Secret');
    const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect([...versions].sort((a, b) => a - b)).toEqual(versions);
  });
  it('begins with what there is when no resourceVersion is given', async () => {
    const ns = await fill(2);
    const watch = await bed.client.watch(secrets(ns));
    const events = [await watch.next(), await watch.next()];
    watch.close();
    expect(events.map(({ type, object }) => `${type} ${object.metadata.name}`).sort()).toEqual(['ADDED s00', 'ADDED s01']);
  });
  it('tells ADDED and DELETED when an object moves into a selector and out of it', async () => {
    const ns = await fill(0);
    const { body: list } = await bed.client.get(secrets(ns));
    const watch = await bed.client.watch(`${secrets(ns)}?resourceVersion=${list.metadata.resourceVersion}&labelSelector=in%3Dyes`);
    await bed.client.post(secrets(ns), secret('a'));
    await bed.client.patch(`${secrets(ns)}/a`, MERGE, { metadata: { labels: { in: 'yes' } } });
    await bed.client.patch(`${secrets(ns)}/a`, MERGE, { metadata: { labels: { in: 'yes', more: 'x' } } });
    await bed.client.patch(`${secrets(ns)}/a`, MERGE, { metadata: { labels: { in: null } } });
    const events = [await watch.next(), await watch.next(), await watch.next()];
    watch.close();
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
  });
  it('sends the initial events and then the bookmark that ends them, when asked', async () => {
    const ns = await fill(2);
    const watch = await bed.client.watch(`${secrets(ns)}?sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`);
    const events = [await watch.next(), await watch.next(), await watch.next()];
    watch.close();
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'ADDED', 'BOOKMARK']);
    expect(events[2]?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
    expect(Number(events[2]?.object.metadata.resourceVersion)).toBeGreaterThan(0);
  });
  it('refuses sendInitialEvents without resourceVersionMatch', async () => {
    const watch = await bed.client.watch(`${secrets('default')}?sendInitialEvents=true`);
    watch.close();
    expect(watch.status).toBe(422);
  });
  it('ends after timeoutSeconds', async () => {
    const ns = await fill(1);
    const watch = await bed.client.watch(`${secrets(ns)}?timeoutSeconds=1`);
    expect(await watch.rest()).toHaveLength(1);
  });
  it('watches one object by name', async () => {
    const ns = await fill(2);
    const watch = await bed.client.watch(`${secrets(ns)}?fieldSelector=metadata.name%3Ds01`);
    expect((await watch.next()).object.metadata.name).toBe('s01');
    await bed.client.delete(`${secrets(ns)}/s00`);
    await bed.client.delete(`${secrets(ns)}/s01`);
    expect(await watch.next()).toMatchObject({ type: 'DELETED', object: { metadata: { name: 's01' } } });
    watch.close();
  });
  it('refuses a resourceVersion that is none', async () => {
    const watch = await bed.client.watch(`${configMaps('default')}?resourceVersion=abc`);
    watch.close();
    // Not 400: the watch cache parses it too late to call it the client's fault.
    expect(watch.status).toBe(500);
  });
});

describe('after compaction', () => {
  it('answers 410 Expired to an old continue token and as an ERROR event to an old watch', async () => {
    const ns = await fill(3);
    const { body: page } = await bed.client.get(`${secrets(ns)}?limit=1`);
    for (let index = 0; index < 5; index += 1) await bed.client.post(configMaps(ns), configMap(`c${index}`));
    await bed.cluster.compact();
    await bed.cluster.restart();
    const next = await bed.client.get(`${secrets(ns)}?limit=1&continue=${encodeURIComponent(page.metadata.continue)}`);
    expect(next.status).toBe(410);
    expect(next.body.reason).toBe('Expired');
    const watch = await bed.client.watch(`${secrets(ns)}?resourceVersion=${page.metadata.resourceVersion}`);
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
    watch.close();
  });
});
