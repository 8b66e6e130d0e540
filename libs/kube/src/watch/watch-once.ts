import type { KubeObject } from '@meshfleet/model';
import type { KubeClient, WatchOptions } from '../client.ts';
import type { StatusBody } from '../kube-error.ts';
import type { Resource } from '../resource.ts';
import { createLineSplitter } from './json-lines.ts';

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';

/** Why one watch request ended. */
export type WatchEnd =
  | { readonly kind: 'ended' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'stalled' }
  | { readonly kind: 'garbled' }
  | { readonly kind: 'error'; readonly status: StatusBody };

interface WatchLine {
  readonly type?: string;
  readonly object?: unknown;
}

/**
 * Runs one watch request to its end. Rejects when it could not be opened.
 * `stallMs`: with no byte for that long the connection counts as dead and is dropped.
 */
export async function watchOnce(
  client: KubeClient,
  resource: Resource,
  options: WatchOptions & { stallMs: number; signal: AbortSignal },
  onEvent: (type: WatchEventType, object: KubeObject) => void,
): Promise<WatchEnd> {
  const answer = await client.watch(resource, options);
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    let over = false;
    const finish = (end: WatchEnd) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      answer.destroy();
      resolve(end);
    };
    const heard = () => {
      if (timer === undefined) timer = setTimeout(() => finish({ kind: 'stalled' }), options.stallMs);
      else timer.refresh();
    };
    const split = createLineSplitter((line) => {
      if (over) return;
      let parsed: WatchLine;
      try {
        parsed = JSON.parse(line) as WatchLine; // checked right below
      } catch {
        finish({ kind: 'garbled' });
        return;
      }
      if (parsed.type === 'ERROR') finish({ kind: 'error', status: (parsed.object ?? {}) as StatusBody });
      else if (isEvent(parsed)) onEvent(parsed.type, parsed.object);
      else finish({ kind: 'garbled' });
    });
    heard();
    answer.on('data', (chunk: Buffer) => {
      heard();
      if (!split(chunk)) finish({ kind: 'garbled' });
    });
    answer.on('end', () => finish({ kind: answer.complete ? 'ended' : 'cut' }));
    answer.on('error', () => finish({ kind: 'cut' }));
    answer.on('close', () => finish({ kind: 'cut' }));
  });
}

function isEvent(line: WatchLine): line is { type: WatchEventType; object: KubeObject } {
  const known = line.type === 'ADDED' || line.type === 'MODIFIED' || line.type === 'DELETED' || line.type === 'BOOKMARK';
  return known && typeof line.object === 'object' && line.object !== null && 'metadata' in line.object;
}
