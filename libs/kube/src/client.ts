import type { IncomingMessage } from 'node:http';
import type { KubeObject } from '@meshfleet/model';
import type { Resource } from './resource.ts';
import { resourcePath } from './resource.ts';
import type { KubeTransport } from './transport.ts';

export interface ListPage {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** Token of the next page; undefined on the last. */
  readonly next: string | undefined;
  readonly remaining: number | undefined;
}

export interface ListOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly limit?: number;
  readonly next?: string | undefined;
  /** Ask for PartialObjectMetadata: for kinds whose bodies are large and not needed. */
  readonly metadataOnly?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface WatchOptions extends Omit<ListOptions, 'limit' | 'next'> {
  readonly resourceVersion: string;
  readonly timeoutSeconds: number;
}

/** The verbs that Meshfleet uses, typed. Every failure is a KubeError. */
export interface KubeClient {
  version(): Promise<string>;
  raw(path: string, accept?: string): Promise<unknown>;
  get(resource: Resource, namespace: string, name: string): Promise<KubeObject>;
  list(resource: Resource, options?: ListOptions): Promise<ListPage>;
  create(resource: Resource, object: KubeObject): Promise<KubeObject>;
  /** Replaces the object; its resourceVersion is the precondition. */
  update(resource: Resource, object: KubeObject): Promise<KubeObject>;
  apply(resource: Resource, object: KubeObject, options: { fieldManager: string; force?: boolean; dryRun?: boolean }): Promise<KubeObject>;
  /** Deletes in the background, only while uid (and resourceVersion, when given) are the same. */
  delete(resource: Resource, namespace: string, name: string, preconditions: { uid: string; resourceVersion?: string }, options?: { dryRun?: boolean }): Promise<void>;
  watch(resource: Resource, options: WatchOptions): Promise<IncomingMessage>;
  close(): void;
}

const METADATA = (kind: string): string => `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`;

/** The verbs of the Kubernetes API on a transport. Every method rejects with KubeError. */
export function createKubeClient(transport: KubeTransport): KubeClient {
  const object = async (request: Parameters<KubeTransport['json']>[0]): Promise<KubeObject> => (await transport.json(request)) as KubeObject; // the API server answers these requests with the object
  return {
    async version() {
      const answer = (await transport.json({ method: 'GET', path: '/version' })) as { gitVersion?: string }; // documented shape of /version
      return answer.gitVersion ?? 'unknown';
    },
    raw: (path, accept) => transport.json({ method: 'GET', path, ...(accept === undefined ? {} : { accept }) }),
    get: (resource, namespace, name) => object({ method: 'GET', path: resourcePath(resource, namespace, name) }),
    async list(resource, options = {}) {
      const answer = (await transport.json({
        method: 'GET',
        path: resourcePath(resource, options.namespace),
        query: { limit: options.limit, continue: options.next, labelSelector: options.labelSelector, fieldSelector: options.fieldSelector },
        accept: options.metadataOnly === true ? METADATA('PartialObjectMetadataList') : 'application/json',
        timeoutMs: 60_000,
        signal: options.signal,
      })) as { items?: KubeObject[] | null; metadata?: { resourceVersion?: string; continue?: string; remainingItemCount?: number } }; // a List
      const next = answer.metadata?.continue;
      return {
        items: answer.items ?? [],
        resourceVersion: answer.metadata?.resourceVersion ?? '0',
        next: next === undefined || next === '' ? undefined : next,
        remaining: answer.metadata?.remainingItemCount,
      };
    },
    create: (resource, body) => object({ method: 'POST', path: resourcePath(resource, body.metadata.namespace), body }),
    update: (resource, body) => object({ method: 'PUT', path: resourcePath(resource, body.metadata.namespace, body.metadata.name), body }),
    apply: (resource, body, { fieldManager, force, dryRun }) =>
      object({
        method: 'PATCH',
        path: resourcePath(resource, body.metadata.namespace, body.metadata.name),
        query: { fieldManager, force: force === true ? true : undefined, dryRun: dryRun === true ? 'All' : undefined },
        contentType: 'application/apply-patch+yaml',
        body,
      }),
    async delete(resource, namespace, name, preconditions, { dryRun } = {}) {
      await transport.json({
        method: 'DELETE',
        path: resourcePath(resource, namespace, name),
        // With a body, the API server reads nothing of the query.
        body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions, propagationPolicy: 'Background', ...(dryRun === true ? { dryRun: ['All'] } : {}) },
      });
    },
    watch: (resource, options) =>
      transport.stream({
        method: 'GET',
        path: resourcePath(resource, options.namespace),
        query: {
          watch: true,
          allowWatchBookmarks: true,
          resourceVersion: options.resourceVersion,
          timeoutSeconds: options.timeoutSeconds,
          labelSelector: options.labelSelector,
          fieldSelector: options.fieldSelector,
        },
        accept: options.metadataOnly === true ? METADATA('PartialObjectMetadata') : 'application/json',
        signal: options.signal,
      }),
    close: () => transport.close(),
  };
}
