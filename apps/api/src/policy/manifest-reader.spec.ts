import type { Patch, RenderedCluster, Variable } from '@meshfleet/planner';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { knownKinds } from './known-kinds.ts';
import { ManifestReader } from './manifest-reader.ts';
import { createApiThread } from '../thread/task-thread.ts';
import { readManifests, type ManifestOrder } from './read-manifests.ts';

const services = (count: number, broken = -1): string =>
  Array.from(
    { length: count },
    (_, index) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: outside-${index}, namespace: shop }
spec:
  hosts: [outside-${index}.example.com]
  ports: [{ number: 443, name: https, protocol: ${index === broken ? '[]' : 'HTTPS'} }]
  resolution: DNS
`,
  ).join('---\n');

const order = (text: string): ManifestOrder => ({ text, defaultNamespace: undefined, variables: [], patches: [], targets: [], served: [], allowPartial: false });

const thread = createApiThread();
const reader = new ManifestReader({ thread });
const given = vi.spyOn(thread, 'run');
beforeEach(() => {
  given.mockClear();
});
afterAll(() => thread.close());

describe('large manifests', () => {
  it('are read as small ones are, problems with document and line included', async () => {
    const text = services(2_000, 1_500);
    expect(text.length).toBeGreaterThan(256 * 1024);
    const read = await reader.read('acme', order(text));
    expect(read).toEqual(readManifests(order(text)));
    expect(read.problems[0]?.where).toMatchObject({ document: 1_501 });
  });

  it('leave the event loop to everybody else', async () => {
    const text = services(5_000);
    await reader.read('acme', order(services(2_000)));
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    const { objects } = await reader.read('acme', order(text));
    clearInterval(timer);
    expect(objects).toHaveLength(5_000);
    // Read in place, not a single turn comes between question and answer.
    expect(turns).toBeGreaterThan(0);
  });

  it('are read one after another, each answered to the one who sent it', async () => {
    const counts = [1_500, 1_600, 1_700];
    const read = await Promise.all(counts.map((count) => reader.read('acme', order(services(count)))));
    expect(read.map(({ objects }) => objects.length)).toEqual(counts);
  });

  it('that take too long are given up, and those behind them are read all the same', async () => {
    const impatient = new ManifestReader({ thread, longestMs: 1 });
    await expect(impatient.read('acme', order(services(2_000)))).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    const large = reader.read('acme', order(services(1_500)));
    expect((await large).objects).toHaveLength(1_500);
  });
});

describe('manifests that are held to schemas of clusters', () => {
  const served = (pattern: string): ManifestOrder => {
    const facts = knownKinds().find('networking.istio.io', 'ServiceEntry');
    const versions = (facts?.versions ?? []).map((version) => ({ ...version, schema: { type: 'object', properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { resolution: { type: 'string', pattern } } } } } }));
    const kinds = facts === undefined ? [] : [{ ...facts, versions }];
    return { ...order(services(1).replace('DNS', `${'a'.repeat(64)}!`)), served: [{ kinds, clusters: ['east'] }] };
  };

  it('take nobody else with them when a pattern takes for ever, and the next ones are read', async () => {
    // Waits for the thread, so that what is given up is the pattern and not its start.
    await reader.read('acme', served('^b$'));
    const impatient = new ManifestReader({ thread, longestServedMs: 1_000 });
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 10);
    await expect(impatient.read('acme', served('^(a+)+$'))).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', message: expect.stringContaining('definitions that are installed in the clusters') as string });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
    const patient = await reader.read('acme', served('^b$'));
    expect(patient.problems[0]?.summary).toContain('resolution');
  }, 30_000);
});

describe('small manifests that come to much', () => {
  const patch = (type: Patch['type'], value: Patch['value']): Patch => ({ clusterSelector: '', target: { group: null, kind: null, namespace: null, name: null }, type, patch: JSON.stringify(value), value });
  const variable = (length: number): Variable => ({ name: 'a', description: null, default: 'x'.repeat(length), values: [] });
  const target = (name: string): RenderedCluster => ({ uid: name, name, labels: {}, region: null, zone: null, network: null, mesh: null });

  it.each<[string, Partial<ManifestOrder>]>([
    ['by copies', { patches: [patch('JSON', [{ op: 'copy', from: '/spec/hosts', path: '/spec/addresses' }])] }],
    ['by a large patch', { patches: [patch('MERGE', { metadata: { annotations: { long: 'x'.repeat(200 * 1024) } } })], targets: [target('one'), target('two')] }],
    ['by a patch of each object', { text: services(100), patches: [patch('MERGE', { metadata: { annotations: { long: 'x'.repeat(3 * 1024) } } })] }],
    ['by large values', { variables: [variable(200 * 1024)], targets: [target('one'), target('two')] }],
    ['by many references to one', { text: services(100).replaceAll('outside-', '${var.a}-'), variables: [variable(3 * 1024)] }],
  ])('are read where they hold up nobody: %s', async (_how, more) => {
    const much = { ...order(services(1)), ...more };
    expect(much.text.length).toBeLessThan(64 * 1024);
    expect(await reader.read('acme', much)).toEqual(readManifests(much));
    expect(given).toHaveBeenCalledOnce();
  });

  it('by doubling are refused as one that does not fit', async () => {
    const doubling = patch('JSON', [{ op: 'add', path: '/spec/x', value: ['x'.repeat(900)] }, ...Array.from({ length: 40 }, () => ({ op: 'copy', from: '/spec/x', path: '/spec/x/-' }))]);
    const { problems } = await reader.read('acme', { ...order(services(1)), patches: [doubling], targets: [target('one')] });
    expect(problems).toMatchObject([{ code: 'RENDER_FAILED', summary: expect.stringContaining('grow by more than 2 MiB') as string }]);
  });
});

describe('small manifests', () => {
  it('are read where they are', async () => {
    expect((await reader.read('acme', order(services(3)))).objects).toHaveLength(3);
    expect(given).not.toHaveBeenCalled();
  });
});
