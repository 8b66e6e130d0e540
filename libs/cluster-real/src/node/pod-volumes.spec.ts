import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApiClient } from './api-client.ts';
import { createPodVolumes } from './pod-volumes.ts';
import type { Pod } from './pod.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const POD: Pod = {
  metadata: { name: 'istiod-1', namespace: 'istio-system', uid: 'u', labels: { app: 'istiod' } },
  spec: {
    serviceAccountName: 'istiod',
    volumes: [
      { name: 'cacerts', secret: { secretName: 'cacerts' } },
      { name: 'scratch', emptyDir: {} },
      { name: 'all', projected: { sources: [{ serviceAccountToken: { audience: 'istio-ca', expirationSeconds: 1000, path: 'token' } }, { configMap: { name: 'root', items: [{ key: 'ca', path: 'ca.crt' }] } }] } },
      { name: 'podinfo', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
    ],
    containers: [
      {
        name: 'discovery',
        image: 'pilot',
        volumeMounts: [
          { name: 'cacerts', mountPath: '/etc/cacerts' },
          { name: 'scratch', mountPath: '/var/scratch' },
          { name: 'all', mountPath: '/var/run/all' },
          { name: 'podinfo', mountPath: '/etc/podinfo' },
        ],
      },
    ],
  },
};

let root: string;
let objects: Record<string, { data: Record<string, string> }>;
let tokens: number;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'meshfleet-volumes-'));
  objects = { '/api/v1/namespaces/istio-system/configmaps/root': { data: { ca: 'ROOT', other: 'x' } } };
  tokens = 0;
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

/** An API server of a few objects: what a node asks of it is one path each. */
function api(now: () => number): Pick<ApiClient, 'find' | 'create'> {
  return {
    find: <T>(path: string) => Promise.resolve(objects[path] as T | undefined),
    create: <T>() => {
      tokens += 1;
      return Promise.resolve({ status: { token: `token-${tokens}`, expirationTimestamp: new Date(now() + 1_000_000).toISOString() } } as T);
    },
  };
}

function open(delayMs: number): (now: number) => Promise<void> {
  let at = START;
  const volumes = createPodVolumes({ api: api(() => at) as ApiClient, pod: POD, root, field: (path) => `<${path}>`, delayMs });
  return (now) => {
    at = now;
    return volumes.sync(now);
  };
}
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const setSecret = (text: string): void => {
  objects['/api/v1/namespaces/istio-system/secrets/cacerts'] = { data: { 'root-cert.pem': Buffer.from(text).toString('base64') } };
};

describe('volumes of a pod', () => {
  it('hold what the pod names, below its own root', async () => {
    await open(0)(START);
    expect(read('var/run/all/token')).toBe('token-1');
    expect(read('var/run/all/ca.crt')).toBe('ROOT');
    expect(existsSync(join(root, 'var/run/all/other'))).toBe(false);
    expect(read('etc/podinfo/labels')).toBe('<metadata.labels>');
    expect(statSync(join(root, 'var/scratch')).mode & 0o777).toBe(0o777);
  });

  it('are empty where the Secret is missing, and filled when it comes', async () => {
    const sync = open(0);
    await sync(START);
    expect(existsSync(join(root, 'etc/cacerts/root-cert.pem'))).toBe(false);
    setSecret('A');
    await sync(START + 1);
    expect(read('etc/cacerts/root-cert.pem')).toBe('A');
  });

  it('take a change only when it is as old as kubelets are slow', async () => {
    setSecret('A');
    const sync = open(5_000);
    await sync(START);
    expect(read('etc/cacerts/root-cert.pem')).toBe('A');
    setSecret('A+B');
    await sync(START + 1_000);
    await sync(START + 5_000);
    expect(read('etc/cacerts/root-cert.pem')).toBe('A');
    await sync(START + 6_000);
    expect(read('etc/cacerts/root-cert.pem')).toBe('A+B');
  });

  it('renew a token when four fifths of its life are over, and not before', async () => {
    const sync = open(0);
    await sync(START);
    await sync(START + 799_000);
    expect(read('var/run/all/token')).toBe('token-1');
    await sync(START + 800_000);
    expect(read('var/run/all/token')).toBe('token-2');
  });
});
