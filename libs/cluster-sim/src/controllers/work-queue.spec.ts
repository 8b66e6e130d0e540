import { describe, expect, it } from 'vitest';
import { createRegistry, builtin } from '../kinds/registry.ts';
import type { StoreEvent } from '../seam.ts';
import type { Controller } from './context.ts';
import { createWorkQueue } from './work-queue.ts';

const info = builtin(createRegistry(), '', 'v1', 'configmaps');
const event = (name: string, namespace = 'shop'): StoreEvent => ({ type: 'ADDED', info, object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } } });

function recorder(reconcile: (key: string, seen: number) => void = () => undefined): { controller: Controller; seen: string[] } {
  const seen: string[] = [];
  const controller: Controller = {
    name: 'recorder',
    keysOf: ({ object }) => [`${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`],
    reconcile(key) {
      seen.push(key);
      reconcile(key, seen.filter((one) => one === key).length);
    },
  };
  return { controller, seen };
}

describe('the work queue', () => {
  it('looks at a key once, however often it was named before its turn', async () => {
    const { controller, seen } = recorder();
    const queue = createWorkQueue([controller]);
    for (const name of ['a', 'b', 'a', 'a']) queue.offer(event(name));
    await queue.settle();
    expect(seen).toEqual(['shop/a', 'shop/b']);
  });

  it('settles only when what the work itself caused is done too', async () => {
    const { controller, seen } = recorder((key) => {
      if (key === 'shop/a') queue.offer(event('caused'));
    });
    const queue = createWorkQueue([controller]);
    queue.offer(event('a'));
    await queue.settle();
    expect(seen).toEqual(['shop/a', 'shop/caused']);
  });

  it('tries again what failed once', async () => {
    const { controller, seen } = recorder((_key, times) => {
      if (times === 1) throw new TypeError('conflict');
    });
    const queue = createWorkQueue([controller]);
    queue.offer(event('a'));
    await queue.settle();
    expect(seen).toEqual(['shop/a', 'shop/a']);
    expect(queue.stuck()).toEqual([]);
  });

  it('parks what keeps failing, and takes it up when something happens in its namespace', async () => {
    let ready = false;
    const { controller, seen } = recorder((key) => {
      if (key === 'shop/a' && !ready) throw new TypeError('no service account yet');
    });
    const queue = createWorkQueue([controller]);
    queue.offer(event('a'));
    await queue.settle();
    expect(queue.stuck()).toMatchObject([{ controller: 'recorder', key: 'shop/a' }]);
    const tries = seen.length;
    queue.offer(event('z', 'elsewhere'));
    await queue.settle();
    expect(seen.filter((key) => key === 'shop/a')).toHaveLength(tries);
    ready = true;
    queue.offer(event('b'));
    await queue.settle();
    expect(queue.stuck()).toEqual([]);
  });

  it('runs what is eager within the event', () => {
    const { controller, seen } = recorder();
    const queue = createWorkQueue([{ ...controller, eager: true }]);
    queue.offer(event('a'));
    expect(seen).toEqual(['shop/a']);
  });

  it('lets go of everyone who waits when it stops', async () => {
    const { controller, seen } = recorder();
    const queue = createWorkQueue([controller]);
    queue.offer(event('a'));
    const settled = queue.settle();
    queue.stop();
    await settled;
    queue.offer(event('b'));
    await queue.settle();
    expect(seen).toEqual([]);
  });
});
