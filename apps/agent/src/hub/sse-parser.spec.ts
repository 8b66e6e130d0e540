import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServerSentEvent } from './sse-parser.ts';
import { createSseParser } from './sse-parser.ts';

function parse(chunks: readonly string[]): ServerSentEvent[] {
  const events: ServerSentEvent[] = [];
  const feed = createSseParser((event) => events.push(event));
  for (const chunk of chunks) feed(chunk);
  return events;
}

const TEXT = ': ping\n\nevent: desired\nid: 1.2\ndata: {"a":\ndata: 1}\n\n: ping\r\n\r\nevent: control\r\ndata:{}\r\n\r\nevent: lost\ndata: half';

describe('an event stream', () => {
  it('is read the same however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(TEXT.length)), (cuts) => {
        const places = [0, ...[...cuts].sort((a, b) => a - b), TEXT.length];
        const chunks = places.slice(1).map((end, index) => TEXT.slice(places[index], end));
        expect(parse(chunks)).toEqual([
          { event: 'desired', id: '1.2', data: '{"a":\n1}' },
          { event: 'control', id: '1.2', data: '{}' },
        ]);
      }),
    );
  });

  it('is given up when a line grows beyond all measure', () => {
    const feed = createSseParser(() => undefined);
    expect(feed('x'.repeat(2 << 20))).toBe(false);
  });
});
