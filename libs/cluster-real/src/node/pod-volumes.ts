import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiClient } from './api-client.ts';
import { swapFiles } from './atomic-folder.ts';
import type { KeyToPath, Pod, Volume, VolumeSource } from './pod.ts';

/** The volumes of one pod, as folders that are kept true to the cluster. */
export interface PodVolumes {
  /** Brings every folder up to date; a change of a Secret or ConfigMap is taken only when it is `delayMs` old, as kubelets are slow. */
  sync(now: number): Promise<void>;
}

interface VolumesOptions {
  readonly api: ApiClient;
  readonly pod: Pod;
  /** Where the pod's own root lies: mount paths are below it. */
  readonly root: string;
  readonly field: (path: string) => string;
  readonly delayMs: number;
}

interface Token {
  readonly text: string;
  readonly renewAt: number;
}

/** A kubelet renews a token when 80 % of its life are over. */
const RENEW_AT = 0.8;

export function createPodVolumes({ api, pod, root, field, delayMs }: VolumesOptions): PodVolumes {
  const { namespace, name, uid } = pod.metadata;
  const written = new Map<string, string>();
  const waiting = new Map<string, { text: string; since: number }>();
  const tokens = new Map<string, Token>();

  const token = async ({ audience, expirationSeconds = 3600 }: NonNullable<VolumeSource['serviceAccountToken']>, now: number): Promise<string> => {
    const known = tokens.get(audience ?? '');
    if (known !== undefined && now < known.renewAt) return known.text;
    const account = pod.spec.serviceAccountName ?? 'default';
    const { status } = await api.create<{ status: { token: string; expirationTimestamp: string } }>(`/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: audience === undefined ? [] : [audience], expirationSeconds, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } },
    });
    tokens.set(audience ?? '', { text: status.token, renewAt: now + (Date.parse(status.expirationTimestamp) - now) * RENEW_AT });
    return status.token;
  };
  const sourceFiles = async (source: VolumeSource, now: number): Promise<Record<string, string>> => {
    const { secret, configMap, downwardAPI, serviceAccountToken } = source;
    if (secret !== undefined) {
      const found = await api.find<{ data?: Record<string, string> }>(`/api/v1/namespaces/${namespace}/secrets/${secret.secretName ?? secret.name}`);
      const data = Object.entries(found?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()] as const);
      return pick(Object.fromEntries(data), secret.items);
    }
    if (configMap !== undefined) {
      const found = await api.find<{ data?: Record<string, string> }>(`/api/v1/namespaces/${namespace}/configmaps/${configMap.name}`);
      return pick(found?.data ?? {}, configMap.items);
    }
    if (serviceAccountToken !== undefined) return { [serviceAccountToken.path]: await token(serviceAccountToken, now) };
    return Object.fromEntries((downwardAPI?.items ?? []).map(({ path, fieldRef }) => [path, field(fieldRef?.fieldPath ?? '')]));
  };
  const volumeFiles = async (volume: Volume, now: number): Promise<Record<string, string>> => {
    const parts = volume.projected === undefined ? [volume] : (volume.projected.sources ?? []);
    return Object.assign({}, ...(await Promise.all(parts.map((part) => sourceFiles(part, now))))) as Record<string, string>; // assign() cannot type a spread list
  };
  /** True for the first files ever, and for others once they have been the same for `delayMs`. */
  const isDue = (path: string, text: string, now: number): boolean => {
    const before = written.get(path);
    if (before === text) {
      waiting.delete(path);
      return false;
    }
    if (before === undefined) return true;
    const seen = waiting.get(path);
    if (seen?.text !== text) waiting.set(path, { text, since: now });
    return now - (waiting.get(path)?.since ?? now) >= delayMs;
  };
  return {
    sync: async (now) => {
      for (const { volume, path } of mounts(pod)) {
        const folder = join(root, path);
        if (volume.emptyDir !== undefined) {
          if (!written.has(path)) openFolder(folder);
          written.set(path, '');
          continue;
        }
        const files = await volumeFiles(volume, now);
        const text = JSON.stringify(files);
        if (!isDue(path, text, now)) continue;
        swapFiles(folder, files);
        written.set(path, text);
      }
    },
  };
}

function openFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o777);
}

function pick(data: Readonly<Record<string, string>>, items: readonly KeyToPath[] | undefined): Record<string, string> {
  if (items === undefined) return { ...data };
  return Object.fromEntries(items.flatMap(({ key, path }) => (data[key] === undefined ? [] : [[path, data[key]]])));
}

/** Each mount path once, parents before what is mounted into them. */
function mounts(pod: Pod): { path: string; volume: Volume }[] {
  const byName = new Map((pod.spec.volumes ?? []).map((volume) => [volume.name, volume]));
  const byPath = new Map<string, Volume>();
  for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
    for (const { name, mountPath } of container.volumeMounts ?? []) {
      const volume = byName.get(name);
      if (volume !== undefined) byPath.set(mountPath, volume);
    }
  }
  return [...byPath].map(([path, volume]) => ({ path, volume })).sort((one, other) => (one.path < other.path ? -1 : 1));
}
