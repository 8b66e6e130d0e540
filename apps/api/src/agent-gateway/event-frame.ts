import type { AgentEvent } from '@meshfleet/protocol';

export const PING_FRAME = Buffer.from(': still here\n\n');

/** One event in the form of server-sent events (WHATWG HTML, section 9.2). JSON has no line breaks of its own. */
export function eventFrame(event: AgentEvent): Buffer {
  const id = event.event === 'desired' ? `id: ${event.id}\n` : '';
  return Buffer.from(`event: ${event.event}\n${id}data: ${JSON.stringify(event.data)}\n\n`);
}

/** Tells the reader how long to wait before it comes back. */
export function retryFrame(milliseconds: number): Buffer {
  return Buffer.from(`retry: ${Math.round(milliseconds)}\n\n`);
}
